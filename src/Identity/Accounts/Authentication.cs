using Tollgate.Foundation;
using Tollgate.Identity.Attempts;
using Tollgate.Identity.EmailProof;
using Tollgate.Identity.Passwords;
using Tollgate.Identity.Sessions;

namespace Tollgate.Identity.Accounts;

/// <summary>Registering and signing in. Apart from register's 409 nothing tells whether an address has an account: not text, code or time.</summary>
internal sealed class Authentication(
    IDatabase database, AccountStore accounts, SessionStore sessions, PasswordHasher passwords, SignIns signIns, EmailVerification verification, AttemptLimits attempts, IAuditLog audit)
{
    public static readonly Failure WrongCredentials = new(FailureKind.Unauthenticated, "INVALID_CREDENTIALS", "E-mail address or password is wrong.");

    public async Task<Outcome<SignedIn>> RegisterAsync(string email, string name, string password, SignInSource source, CancellationToken cancellation)
    {
        if (PasswordPolicy.Refusal("password", password, email, name) is { } refused)
            return refused;
        var hash = await passwords.HashAsync(password, cancellation).ConfigureAwait(false);
        var proof = await verification.PrepareAsync(AccountStore.Normalize(email), cancellation).ConfigureAwait(false);
        return await database.AsWorkerAsync<Outcome<SignedIn>>(async session =>
        {
            var made = await accounts.CreateAsync(session, email, name, hash, isOperator: false).ConfigureAwait(false);
            if (made.Failure is { } failure)
                return failure;
            var account = made.Value.Account;
            await audit.WriteAsync(session, source.Actor.As(account.Id, account.Email), new AuditChange("account.registered", TypeId.Format("acc", account.Id), After: new { account.Email, account.Name })).ConfigureAwait(false);
            await verification.AskAsync(session, account, proof, source.Origin).ConfigureAwait(false);
            return await signIns.FinishAsync(session, account, "register", source).ConfigureAwait(false) is { } signedIn ? signedIn : WrongCredentials;
        }, cancellation).ConfigureAwait(false);
    }

    public async Task<Outcome<SignInStep>> LoginAsync(string email, string password, SignInSource source, CancellationToken cancellation)
    {
        var account = await database.AsWorkerAsync(session => AccountStore.FindByEmailAsync(session, email), cancellation).ConfigureAwait(false);
        var counted = await attempts.CountAsync(AttemptLimits.PasswordOf(AccountStore.Normalize(email)), account?.Id, source.Origin, cancellation).ConfigureAwait(false);
        if (counted.Failure is { } tooMany)
            return tooMany;
        var matches = await attempts.LookAsync(counted.Value, () => passwords.VerifyAsync(account?.PasswordHash, password, cancellation)).ConfigureAwait(false);
        if (account is null || !matches || account.DisabledAt is not null)
            return WrongCredentials;
        var rehashed = PasswordHasher.NeedsRehash(account.PasswordHash) ? await attempts.LookAsync(counted.Value, () => passwords.HashAsync(password, cancellation)).ConfigureAwait(false) : null;
        return await database.AsWorkerAsync<Outcome<SignInStep>>(async session =>
        {
            // A reset, or a disabling, that came while the password was looked at has ended the sessions that there were, and this would be one more.
            if (await AccountStore.LockAsync(session, account.Id).ConfigureAwait(false) is not { DisabledAt: null } now || now.PasswordHash != account.PasswordHash)
                return WrongCredentials;
            await AttemptLimits.ForgiveAsync(session, counted.Value).ConfigureAwait(false);
            if (rehashed is not null)
                await AccountStore.SetPasswordHashAsync(session, account.Id, rehashed).ConfigureAwait(false);
            return await signIns.GoOnAsync(session, account, "password", source).ConfigureAwait(false) is { } step ? step : WrongCredentials;
        }, cancellation).ConfigureAwait(false);
    }

    public async Task<Outcome<SignedIn>> RefreshAsync(string token, Device device, AuditActor actor, CancellationToken cancellation)
    {
        var refreshed = await sessions.RefreshAsync(token, device, actor, cancellation).ConfigureAwait(false);
        if (refreshed.Failure is { } failure)
            return failure;
        var issued = refreshed.Value;
        return await database.AsWorkerAsync<Outcome<SignedIn>>(async session => new SignedIn(
            await AccountStore.GetAsync(session, issued.AccountId).ConfigureAwait(false),
            await SignIns.PersonalAsync(session, issued.AccountId).ConfigureAwait(false), issued), cancellation).ConfigureAwait(false);
    }
}
