using Tollgate.Foundation;
using Tollgate.Identity.Accounts;
using Tollgate.Identity.SecondFactor;
using Tollgate.Identity.Sessions;

namespace Tollgate.Identity.Admin;

/// <summary>What an operator does to accounts, each with its entry in the audit log, in one transaction. There is always an operator left.</summary>
internal sealed class AdminActs(IDatabase database, SessionStore sessions, AccountDisabling disabling, FactorRemoval factors, IAuditLog audit, TimeProvider clock) : IOperators
{
    public static readonly Failure LastOperator = Failure.Conflict("LAST_OPERATOR", "This is the last operator who can sign in. Make another one first.");

    private static readonly Failure OperatorAccount = Failure.Conflict("OPERATOR_ACCOUNT", "This account is an operator's. Take that from it first, then its second factors; of your own account another operator does both.");

    private static readonly Failure EmailUnproved = Failure.Conflict("ACCOUNT_EMAIL_UNPROVED", "Nobody has shown that the address of this account is theirs. Have the person confirm it first.");

    private static readonly Failure Deleted = Failure.Conflict("ACCOUNT_DELETED", "This account was deleted. Nobody can sign in to it, and nothing can be done to it any more.");

    public Task<Outcome<bool>> DisableAsync(Guid accountId, string? reason, AuditActor actor, CancellationToken cancellation) => UnmakeAsync(accountId, async (session, before, isLast) =>
    {
        if (before.DisabledAt is not null)
            return false;
        if (isLast)
            return LastOperator;
        await disabling.SetAsync(session, accountId, disabled: true, actor, reason).ConfigureAwait(false);
        return true;
    }, cancellation);

    public Task<Outcome<bool>> EnableAsync(Guid accountId, AuditActor actor, CancellationToken cancellation) => ActAsync(accountId, async (session, before) =>
    {
        if (before.DisabledAt is null)
            return false;
        await disabling.SetAsync(session, accountId, disabled: false, actor).ConfigureAwait(false);
        return true;
    }, cancellation);

    public Task<Outcome<bool>> SetRoleAsync(Guid accountId, string role, AuditActor actor, CancellationToken cancellation) => UnmakeAsync(accountId, async (session, before, isLast) =>
    {
        if (before.Role == role)
            return false;
        if (role != "admin" && isLast)
            return LastOperator;
        // Anybody can register an address: who is meant by it has to have shown that it is theirs.
        if (role == "admin" && !before.EmailVerified)
            return EmailUnproved;
        await SetRoleAsync(session, accountId, before.Role, role, actor).ConfigureAwait(false);
        return true;
    }, cancellation);

    /// <summary>For a person who has lost them all. Not of an operator, nor of oneself therefore: while it has none, an account runs nothing.</summary>
    public Task<Outcome<bool>> RemoveSecondFactorsAsync(Guid accountId, string reason, AuditActor actor, CancellationToken cancellation) => ActAsync(accountId, async (session, before) =>
    {
        if (before.Role == "admin")
            return OperatorAccount;
        return await factors.RemoveAllAsync(session, accountId, reason, actor).ConfigureAwait(false);
    }, cancellation);

    public Task<Outcome<bool>> EndSessionsAsync(Guid accountId, AuditActor actor, CancellationToken cancellation) => ActAsync(accountId, async (session, _) =>
    {
        var ended = await sessions.EndAllAsync(session, accountId, "ended_by_operator").ConfigureAwait(false);
        await audit.WriteAsync(session, actor, Change("account.sessions_ended", accountId, null, new { ended_sessions = ended })).ConfigureAwait(false);
        return true;
    }, cancellation);

    public Task<Outcome<bool>> EndSessionAsync(Guid sessionId, AuditActor actor, CancellationToken cancellation) => database.AsWorkerAsync<Outcome<bool>>(async session =>
    {
        if (await AdminStore.SessionAsync(session, sessionId).ConfigureAwait(false) is not { } found)
            return Failure.NotFound("session");
        if (await sessions.EndAsync(session, sessionId, "ended_by_operator").ConfigureAwait(false) > 0)
            await audit.WriteAsync(session, actor, Change("account.session_ended", found.AccountId, null, new { session_id = TypeId.Format("ses", sessionId), found.Device })).ConfigureAwait(false);
        return true;
    }, cancellation);

    public Task<OperatorAnswer> EnsureAsync(Guid accountId, AuditActor actor, CancellationToken cancellation) => database.AsWorkerAsync(async session =>
    {
        await LockAsync(session, accountId).ConfigureAwait(false);
        if (await AccountStore.FindAsync(session, accountId).ConfigureAwait(false) is not { DisabledAt: null } account)
            return OperatorAnswer.Disabled;
        if (account.Role == "admin")
            return OperatorAnswer.IsOperator;
        if (account.EmailVerifiedAt is null)
            return OperatorAnswer.EmailUnproved;
        await SetRoleAsync(session, accountId, account.Role, "admin", actor).ConfigureAwait(false);
        return OperatorAnswer.Promoted;
    }, cancellation);

    private Task<Outcome<bool>> ActAsync(Guid accountId, Func<DbSession, AdminAccountRow, Task<Outcome<bool>>> act, CancellationToken cancellation) =>
        database.AsWorkerAsync<Outcome<bool>>(async session =>
        {
            var before = await LockAsync(session, accountId).ConfigureAwait(false);
            return Refusal(before) ?? await act(session, before!).ConfigureAwait(false);
        }, cancellation);

    /// <summary>For what may leave the account an operator no more; it is told whether it is the last one.</summary>
    private Task<Outcome<bool>> UnmakeAsync(Guid accountId, Func<DbSession, AdminAccountRow, bool, Task<Outcome<bool>>> act, CancellationToken cancellation) =>
        database.AsWorkerAsync<Outcome<bool>>(async session =>
        {
            var isLast = await IsLastOperatorAsync(session, accountId).ConfigureAwait(false);
            var before = await LockAsync(session, accountId).ConfigureAwait(false);
            return Refusal(before) ?? await act(session, before!, isLast).ConfigureAwait(false);
        }, cancellation);

    private static Failure? Refusal(AdminAccountRow? account) => account is null ? Failure.NotFound("account") : account.DeletedAt is null ? null : Deleted;

    private static Task<AdminAccountRow?> LockAsync(DbSession session, Guid accountId) => session.QuerySingleOrDefaultAsync<AdminAccountRow>(
        "SELECT id, email, name, role, created_at, disabled_at, deleted_at, email_verified_at IS NOT NULL AS email_verified FROM identity.account WHERE id = @accountId FOR NO KEY UPDATE", new { accountId });

    private async Task SetRoleAsync(DbSession session, Guid accountId, string before, string role, AuditActor actor)
    {
        await session.ExecuteAsync("UPDATE identity.account SET role = @role, updated_at = @now WHERE id = @accountId", new { accountId, role, now = clock.GetUtcNow() }).ConfigureAwait(false);
        await audit.WriteAsync(session, actor, Change("account.role_set", accountId, new { role = before }, new { role })).ConfigureAwait(false);
    }

    /// <summary>
    /// All operators are locked, this one too, in one order: of two who unmake each other at once, the second finds that he is the last. After organizations, and before any
    /// account by itself.
    /// </summary>
    public static async Task<bool> IsLastOperatorAsync(DbSession session, Guid accountId)
    {
        var operators = await session.QueryAsync<Guid>("SELECT id FROM identity.account WHERE role = 'admin' AND disabled_at IS NULL ORDER BY id FOR NO KEY UPDATE").ConfigureAwait(false);
        return operators is [var only] && only == accountId;
    }

    private static AuditChange Change(string action, Guid accountId, object? before, object? after) => new(action, TypeId.Format("acc", accountId), Before: before, After: after);
}
