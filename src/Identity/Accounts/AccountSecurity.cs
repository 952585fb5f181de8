using Tollgate.Foundation;
using Tollgate.Identity.Passwords;
using Tollgate.Identity.SecondFactor;

namespace Tollgate.Identity.Accounts;

/// <summary>What the security page of an account shows.</summary>
internal sealed class AccountSecurity(IDatabase database, TimeProvider clock)
{
    public async Task<SecurityResponse> OfAsync(Caller caller, CancellationToken cancellation)
    {
        // No request sees a hash: whether there is one, the worker says.
        var account = await database.AsWorkerAsync(session => AccountStore.FindAsync(session, caller.AccountId), cancellation).ConfigureAwait(false);
        return await OfAsync(caller, account is { PasswordHash: not PasswordHasher.None }, cancellation).ConfigureAwait(false);
    }

    private Task<SecurityResponse> OfAsync(Caller caller, bool password, CancellationToken cancellation) => database.AsAppAsync(caller.Tenant, async session =>
    {
        var totp = await TotpStore.IsOnAsync(session, caller.AccountId).ConfigureAwait(false);
        var codes = await session.QuerySingleAsync<int>(
            "SELECT count(*)::int FROM identity.recovery_code WHERE account_id = @AccountId AND used_at IS NULL", new { caller.AccountId }).ConfigureAwait(false);
        var passkeys = await session.QueryAsync<Row>(
            "SELECT id, name, created_at, last_used_at FROM identity.passkey WHERE account_id = @AccountId ORDER BY created_at, id", new { caller.AccountId }).ConfigureAwait(false);
        var until = caller.AuthenticatedAt + AccountConditions.StepUpLifetime;
        return new SecurityResponse(caller.Email, caller.EmailVerified, password, totp, codes,
            [.. passkeys.Select(row => new PasskeyResponse(TypeId.Format("pky", row.Id), row.Name, row.CreatedAt, row.LastUsedAt))], until > clock.GetUtcNow() ? until : null, caller.SecondFactorShown);
    }, cancellation);

    private sealed class Row
    {
        public Guid Id { get; init; }

        public string Name { get; init; } = "";

        public DateTimeOffset CreatedAt { get; init; }

        public DateTimeOffset? LastUsedAt { get; init; }
    }
}
