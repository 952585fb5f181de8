using Tollgate.Foundation;
using Tollgate.Identity.Passwords;
using Tollgate.Identity.Sessions;

namespace Tollgate.Identity.Accounts;

internal sealed record SignedIn(AccountRow Account, Organization Organization, IssuedSession Session);

/// <summary>Registering and signing in. Apart from register's 409 nothing tells whether an address has an account: not text, code or time.</summary>
internal sealed class Authentication(IDatabase database, AccountStore accounts, SessionStore sessions, PasswordHasher passwords)
{
    private static readonly Failure WrongCredentials = new(FailureKind.Unauthenticated, "INVALID_CREDENTIALS", "E-mail address or password is wrong.");

    public async Task<Outcome<SignedIn>> RegisterAsync(string email, string name, string password, Device device, CancellationToken cancellation)
    {
        var hash = await passwords.HashAsync(password, cancellation).ConfigureAwait(false);
        return await database.AsWorkerAsync<Outcome<SignedIn>>(async session =>
        {
            var made = await accounts.CreateAsync(session, email, name, hash, isOperator: false).ConfigureAwait(false);
            if (made.Failure is { } failure)
                return failure;
            var (account, organization) = made.Value;
            return new SignedIn(account, organization, await sessions.StartAsync(session, account.Id, device).ConfigureAwait(false));
        }, cancellation).ConfigureAwait(false);
    }

    public async Task<Outcome<SignedIn>> LoginAsync(string email, string password, Device device, CancellationToken cancellation)
    {
        var account = await database.AsWorkerAsync(session => AccountStore.FindByEmailAsync(session, email), cancellation).ConfigureAwait(false);
        var matches = await passwords.VerifyAsync(account?.PasswordHash, password, cancellation).ConfigureAwait(false);
        if (account is null || !matches || account.DisabledAt is not null)
            return WrongCredentials;
        var rehashed = PasswordHasher.NeedsRehash(account.PasswordHash) ? await passwords.HashAsync(password, cancellation).ConfigureAwait(false) : null;
        return await database.AsWorkerAsync<Outcome<SignedIn>>(async session =>
        {
            if (rehashed is not null)
                await AccountStore.SetPasswordHashAsync(session, account.Id, rehashed).ConfigureAwait(false);
            return new SignedIn(account, await PersonalAsync(session, account.Id).ConfigureAwait(false), await sessions.StartAsync(session, account.Id, device).ConfigureAwait(false));
        }, cancellation).ConfigureAwait(false);
    }

    public async Task<Outcome<SignedIn>> RefreshAsync(string token, Device device, CancellationToken cancellation)
    {
        var refreshed = await sessions.RefreshAsync(token, device, cancellation).ConfigureAwait(false);
        if (refreshed.Failure is { } failure)
            return failure;
        var issued = refreshed.Value;
        return await database.AsWorkerAsync<Outcome<SignedIn>>(async session => new SignedIn(
            await AccountStore.GetAsync(session, issued.AccountId).ConfigureAwait(false),
            await PersonalAsync(session, issued.AccountId).ConfigureAwait(false), issued), cancellation).ConfigureAwait(false);
    }

    private static async Task<Organization> PersonalAsync(DbSession session, Guid accountId)
    {
        const string sql = """
            SELECT o.id, o.slug, o.name, o.time_zone AS timezone FROM identity.organization o JOIN identity.member m ON m.organization_id = o.id
            WHERE m.account_id = @accountId AND o.personal ORDER BY o.created_at LIMIT 1
            """;
        return await session.QuerySingleAsync<Organization>(sql, new { accountId }).ConfigureAwait(false);
    }
}
