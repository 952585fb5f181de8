using Tollgate.Foundation;
using Tollgate.Identity.Admin;
using Tollgate.Identity.Attempts;
using Tollgate.Identity.Organizations;

namespace Tollgate.Identity.Accounts;

/// <summary>
/// The end of an account. Whatever would be left without an owner is told first, all at once. The row stays, without name, address and password: what was sold, bought
/// and done goes on to have an author. Its address can register anew.
/// </summary>
internal sealed class AccountDeletion(
    IDatabase database, IEnumerable<IAccountDeletionCheck> checks, IOutbox outbox, MailLimits mails, IAccountMailer mailer, IAuditLog audit, TimeProvider clock)
{
    private const string Orphans = """
        SELECT m.organization_id FROM identity.member m
        WHERE m.account_id = @accountId AND m.role = 'owner'
          AND NOT EXISTS (SELECT FROM identity.member o WHERE o.organization_id = m.organization_id AND o.role = 'owner' AND o.account_id <> m.account_id)
        """;

    private const string LockOrganizations = """
        SELECT o.id FROM identity.organization o WHERE EXISTS (SELECT FROM identity.member m WHERE m.organization_id = o.id AND m.account_id = @accountId) ORDER BY o.id FOR UPDATE
        """;

    private const string Forget = """
        UPDATE identity.account SET email = 'deleted-' || id || '@deleted.invalid', name = 'Deleted account', password_hash = '', email_verified_at = NULL,
          deleted_at = @now, disabled_at = coalesce(disabled_at, @now), updated_at = @now WHERE id = @accountId AND deleted_at IS NULL
        """;

    // Not free at once: whoever took one up would get what was meant for the one who is gone.
    private const string RetireSlugs = """
        UPDATE identity.organization_slug s SET retired_at = coalesce(s.retired_at, @now), held_until = coalesce(s.held_until, @heldUntil) FROM identity.organization o, identity.member m
        WHERE s.organization_id = o.id AND o.personal AND m.organization_id = o.id AND m.account_id = @accountId
        """;

    private const string ForgetOrganization = """
        UPDATE identity.organization o SET name = 'Deleted account', slug = 'removed-' || o.id, removed_at = @now, updated_at = @now
        WHERE o.personal AND EXISTS (SELECT FROM identity.member m WHERE m.organization_id = o.id AND m.account_id = @accountId) RETURNING o.id
        """;

    // Row by row: nothing of them is needed to know who did what, which the audit log tells.
    private static readonly string[] Ended =
    [
        "DELETE FROM identity.session WHERE account_id = @accountId",
        "DELETE FROM identity.api_token WHERE account_id = @accountId",
        "DELETE FROM identity.challenge WHERE account_id = @accountId",
    ];

    public async Task<Failure?> DeleteAsync(Caller caller, AuditActor actor, CancellationToken cancellation)
    {
        var deleted = await database.AsWorkerAsync(session => DeleteAsync(session, caller, actor), cancellation).ConfigureAwait(false);
        return deleted.Failure;
    }

    private static Failure InUse(IReadOnlyList<FieldError> obstacles) =>
        new(FailureKind.Conflict, "ACCOUNT_IN_USE", "Your account cannot be deleted yet: something would be left without an owner.", obstacles);

    private async Task<List<FieldError>> ObstaclesAsync(DbSession session, Guid accountId)
    {
        var orphans = await session.QueryAsync<Guid>(Orphans, new { accountId }).ConfigureAwait(false);
        var found = new List<FieldError>();
        foreach (var check in checks)
            found.AddRange(await check.FindAsync(session, accountId, orphans).ConfigureAwait(false));
        return found;
    }

    private async Task<Outcome<bool>> DeleteAsync(DbSession session, Caller caller, AuditActor actor)
    {
        var (accountId, now) = (caller.AccountId, clock.GetUtcNow());
        await Joining.StopAsync(session, accountId).ConfigureAwait(false);
        // Locked, in one order, before anything is asked: no owner leaves and nothing comes into use (IOrganizations.HoldAsync) until this is over.
        var left = await session.QueryAsync<Guid>(LockOrganizations, new { accountId }).ConfigureAwait(false);
        // Who is an operator, the locked rows say: the request may be older than the role.
        if (await AdminActs.IsLastOperatorAsync(session, accountId).ConfigureAwait(false))
            return AdminActs.LastOperator;
        if (await ObstaclesAsync(session, accountId).ConfigureAwait(false) is { Count: > 0 } obstacles)
            return InUse(obstacles);
        if (await AccountStore.LockAsync(session, accountId).ConfigureAwait(false) is not { } account)
            return true;
        await WaysIn.HoldTokensAsync(session, accountId).ConfigureAwait(false);
        foreach (var organization in left)
            await audit.WriteAsync(session, actor, new AuditChange("member.left", TypeId.Format("acc", accountId), organization)).ConfigureAwait(false);
        await audit.WriteAsync(session, actor, new AuditChange("account.deleted", TypeId.Format("acc", accountId))).ConfigureAwait(false);
        foreach (var sql in Ended)
            await session.ExecuteAsync(sql, new { accountId }).ConfigureAwait(false);
        await WaysIn.DropFactorsAsync(session, accountId).ConfigureAwait(false);
        await session.ExecuteAsync(RetireSlugs, new { accountId, now, heldUntil = now + SlugStore.HeldFor }).ConfigureAwait(false);
        foreach (var organization in await session.QueryAsync<Guid>(ForgetOrganization, new { accountId, now }).ConfigureAwait(false))
            await outbox.PublishAsync(session, OrganizationForgotten.Type, 1, new OrganizationForgotten(organization)).ConfigureAwait(false);
        await session.ExecuteAsync(Forget, new { accountId, now }).ConfigureAwait(false);
        await session.ExecuteAsync("DELETE FROM identity.member WHERE account_id = @accountId", new { accountId }).ConfigureAwait(false);
        // Last: whoever counts news of this address has locked what is theirs before.
        var few = await mails.TakeNewsAsync(session, account.Email).ConfigureAwait(false);
        await mailer.SendAsync(session, new AccountMail(AccountMailKind.AccountDeleted, account.Email, account.NameInMails) { IsDecoy = !few }).ConfigureAwait(false);
        return true;
    }
}
