using System.Text.Json;
using Tollgate.Foundation;
using Tollgate.Identity.Accounts;
using Tollgate.Identity.Challenges;
using Tollgate.Identity.Passwords;

namespace Tollgate.Identity.OpenIdConnect;

/// <summary>What is known of a sign-in at a provider while the browser is there.</summary>
/// <param name="Provider">Its id.</param>
/// <param name="Next">A path of the portal.</param>
/// <param name="Session">Which began to connect its account, and must still be there in the end.</param>
internal sealed record OidcState(string Provider, string Next, Guid? Session = null);

/// <summary>Where the browser goes on, with what it got.</summary>
internal sealed record OidcReturn(string Next, Outcome<SignInStep?> Step);

/// <summary>
/// Signing in, or connecting an account, at an outside provider: within ten minutes, once, and only in the browser that began. A person of a provider who is
/// connected with no account gets a new one; never one that merely has the same address, which its owner connects after signing in.
/// </summary>
internal sealed class OidcSignIns(
    IDatabase database, OidcClient client, OutsideIdentityStore identities, AccountStore accounts, ChallengeStore challenges, SignIns signIns, SecurityNews news, IAuditLog audit, TimeProvider clock)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    private static readonly Failure Expired = new(FailureKind.Unauthenticated, "PROVIDER_SIGN_IN_EXPIRED", "This sign-in was ended, is older than ten minutes, or was begun in another browser. Start again.");
    private static readonly Failure Refused = new(FailureKind.Unauthenticated, "PROVIDER_REFUSED", "The provider did not let you in, or you said no.");
    private static readonly Failure EmailUnproved = new(FailureKind.Unauthenticated, "PROVIDER_EMAIL_UNVERIFIED", "The provider has no confirmed e-mail address of you. Confirm it there, or register with a password.");
    private static readonly Failure AccountExists = Failure.Conflict("PROVIDER_ACCOUNT_EXISTS", "There is an account with your address. Sign in to it, then connect the provider on its security page.");
    private static readonly Failure Taken = Failure.Conflict("PROVIDER_TAKEN", "You at this provider belong to an account already, or this account has somebody of this provider.");
    private static readonly Failure Disabled = new(FailureKind.Unauthenticated, "INVALID_CREDENTIALS", "This account cannot sign in.");

    /// <param name="provider">Where the browser is sent.</param>
    /// <param name="connects">Whose account is connected; null to sign in.</param>
    /// <param name="next">A path of the portal.</param>
    /// <param name="redirect">The address that the provider sends the browser back to.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task<Outcome<(Uri Address, string Binding)>> BeginAsync(OidcProvider provider, Caller? connects, string next, string redirect, CancellationToken cancellation)
    {
        var state = JsonSerializer.Serialize(new OidcState(provider.Id, next, connects?.SessionId));
        var draft = new ChallengeDraft(ChallengeKind.OidcSignIn, Lifetime) { AccountId = connects?.AccountId, IsBound = true, State = state };
        var asked = await challenges.PrepareAsync(draft, cancellation).ConfigureAwait(false);
        var address = await client.AddressAsync(provider, new OidcSecrets(asked.Binding!), asked.Secret, redirect, cancellation).ConfigureAwait(false);
        if (address.Failure is { } failure)
            return failure;
        await database.AsWorkerAsync(async session =>
        {
            await challenges.AddAsync(session, asked).ConfigureAwait(false);
            return true;
        }, cancellation).ConfigureAwait(false);
        return (address.Value, asked.Binding!);
    }

    /// <summary>The browser is back.</summary>
    public async Task<OidcReturn> EndAsync(OidcProvider provider, OidcAnswer answer, string? binding, string redirect, SignInSource source, CancellationToken cancellation)
    {
        var row = await UseAsync(answer.State, binding, cancellation).ConfigureAwait(false);
        if (row?.State is not { } text || JsonSerializer.Deserialize<OidcState>(text) is not { } state || !string.Equals(state.Provider, provider.Id, StringComparison.Ordinal))
            return new OidcReturn("", Expired);
        // RFC 9207: an answer of another issuer is none.
        if (answer.Code is null || (answer.Issuer is { } issuer && !string.Equals(issuer, provider.Issuer, StringComparison.Ordinal)))
            return new OidcReturn(state.Next, Refused);
        var person = await client.PersonAsync(provider, new OidcSecrets(binding!), answer.Code, redirect, cancellation).ConfigureAwait(false);
        if (person.Failure is { } failure)
            return new OidcReturn(state.Next, failure);
        return new OidcReturn(state.Next, row.AccountId is { } accountId
            ? await ConnectAsync(accountId, state.Session, provider, person.Value, source, cancellation).ConfigureAwait(false)
            : await SignInAsync(provider, person.Value, source, cancellation).ConfigureAwait(false));
    }

    /// <summary>False when the account has no such thing.</summary>
    public Task<bool> DisconnectAsync(Caller caller, Guid id, AuditActor actor, CancellationToken cancellation) => database.AsWorkerAsync(async session =>
    {
        if (await OutsideIdentityStore.RemoveAsync(session, caller.AccountId, id).ConfigureAwait(false) is not { } provider)
            return false;
        await news.TellAsync(session, caller.AccountId, actor, "account.provider_disconnected", $"You no longer sign in by {provider}.", new { provider }).ConfigureAwait(false);
        return true;
    }, cancellation);

    private Task<ChallengeRow?> UseAsync(string? state, string? binding, CancellationToken cancellation) => state is null || binding is null
        ? Task.FromResult<ChallengeRow?>(null)
        : database.AsWorkerAsync(async session =>
        {
            var row = await challenges.FindAsync(session, ChallengeKind.OidcSignIn, state).ConfigureAwait(false);
            return row is not null && ChallengeStore.IsBoundTo(row, binding) && await challenges.UseAsync(session, row.Id).ConfigureAwait(false) ? row : null;
        }, cancellation);

    private Task<Outcome<SignInStep?>> SignInAsync(OidcProvider provider, OidcPerson person, SignInSource source, CancellationToken cancellation) => database.AsWorkerAsync<Outcome<SignInStep?>>(async session =>
    {
        var found = await OutsideIdentityStore.AccountOfAsync(session, person).ConfigureAwait(false) is { } known
            ? await HoldAsync(session, known, person).ConfigureAwait(false)
            : await RegisterAsync(session, provider, person, source).ConfigureAwait(false);
        if (found.Failure is { } failure)
            return failure;
        return await signIns.GoOnAsync(session, found.Value, $"provider:{provider.Id}", source).ConfigureAwait(false) is { } step ? step : Disabled;
    }, cancellation);

    // The account first, as whoever closes it or drops its ways in does; what was read before that may be over.
    private async Task<Outcome<AccountRow>> HoldAsync(DbSession session, Guid accountId, OidcPerson person) =>
        await AccountStore.LockAsync(session, accountId).ConfigureAwait(false) is { DisabledAt: null } account && await identities.UsedAsync(session, accountId, person).ConfigureAwait(false)
            ? account
            : Disabled;

    private async Task<Outcome<AccountRow>> RegisterAsync(DbSession session, OidcProvider provider, OidcPerson person, SignInSource source)
    {
        var email = person.Email ?? "";
        var errors = new Errors();
        EmailAddress.Check(errors, email);
        if (!person.EmailVerified || errors.Any)
            return EmailUnproved;
        var made = await accounts.CreateAsync(session, email, NameOf(person, email), PasswordHasher.None, isOperator: false, isVerified: true).ConfigureAwait(false);
        if (made.Failure is not null)
            return AccountExists;
        var account = made.Value.Account;
        if (!await identities.AddAsync(session, account.Id, provider, person).ConfigureAwait(false))
            return Taken;
        await audit.WriteAsync(session, source.Actor.As(account.Id, account.Email),
            new AuditChange("account.registered", TypeId.Format("acc", account.Id), After: new { account.Email, account.Name, provider = provider.Id })).ConfigureAwait(false);
        return account;
    }

    private Task<Outcome<SignInStep?>> ConnectAsync(Guid accountId, Guid? sessionId, OidcProvider provider, OidcPerson person, SignInSource source, CancellationToken cancellation) => database.AsWorkerAsync<Outcome<SignInStep?>>(async session =>
    {
        // The provider's way back carries no session: the one that began speaks for the account only while it lives.
        if (await LivingSession.HoldAsync(session, accountId, sessionId, clock.GetUtcNow()).ConfigureAwait(false) is not { } account)
            return Expired;
        if (!await identities.AddAsync(session, accountId, provider, person).ConfigureAwait(false))
            return Taken;
        await news.TellAsync(session, accountId, source.Actor.As(accountId, account.Email), "account.provider_connected", $"You can sign in by {provider.Name} now.", new { provider = provider.Id }).ConfigureAwait(false);
        return default(SignInStep);
    }, cancellation);

    private static string NameOf(OidcPerson person, string email)
    {
        var name = new string([.. (person.Name ?? "").Where(c => !char.IsControl(c)).Take(100)]).Trim();
        return name.Length > 0 ? name : email[..Math.Min(100, email.IndexOf('@', StringComparison.Ordinal))];
    }
}
