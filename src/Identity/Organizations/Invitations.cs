using Tollgate.Foundation;
using Tollgate.Identity.Access;
using Tollgate.Identity.Attempts;

namespace Tollgate.Identity.Organizations;

internal sealed class InvitationRow
{
    public Guid Id { get; init; }

    public Guid OrganizationId { get; init; }

    public string Email { get; init; } = "";

    public string Role { get; init; } = "";

    public Guid InvitedBy { get; init; }

    public string InviterName { get; init; } = "";

    public string OrganizationName { get; init; } = "";

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset ExpiresAt { get; init; }

    public OrganizationRole RoleOf => Enum.Parse<OrganizationRole>(Role, ignoreCase: true);
}

/// <summary>
/// Invitations by mail: a secret that works once, for seven days, and only for the account that has the address (row-level security sees to that).
/// Whether there is such an account, whoever invites is not told.
/// </summary>
internal sealed class Invitations(IDatabase database, MailLimits mails, IAccountMailer mailer, IAuditLog audit, TimeProvider clock)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(7);

    private const int MostOpen = 100;
    private const int MostMembers = 500;
    private const int MostMailsADay = 5;
    private const string Columns = "id, organization_id, email, role, invited_by, inviter_name, organization_name, created_at, expires_at";

    private static readonly Failure Invalid = Failure.Conflict("INVITATION_INVALID", "This invitation was answered, withdrawn or has expired, who sent it may no longer invite, or it is for another address than yours. Ask for a new one.");

    private static readonly Failure TooManyMails = new(FailureKind.LimitReached, "TOO_MANY_MAILS", $"This address had {MostMailsADay} invitations to the organization within a day. Try again tomorrow.") { RetryAfterSeconds = 86_400 };

    public Task<IReadOnlyList<InvitationRow>> ListAsync(DbSession session, Guid organizationId) => session.QueryAsync<InvitationRow>(
        $"SELECT {Columns} FROM identity.invitation WHERE organization_id = @organizationId AND ended_at IS NULL AND expires_at > @now ORDER BY id DESC LIMIT @MostOpen",
        new { organizationId, now = clock.GetUtcNow(), MostOpen });

    /// <summary>
    /// Before the transaction that invites: what is counted of all organizations, no request may look up. Null where there is room.
    /// </summary>
    public async Task<Failure?> CountAsync(Guid accountId, string email, CancellationToken cancellation)
    {
        var full = await database.AsWorkerAsync(session => mails.TakeInvitationAsync(session, accountId, email), cancellation).ConfigureAwait(false);
        if (full is null)
            return null;
        if (full.Until is not { } until)
            return TooManyMails with { Message = $"{full.Why} Try again tomorrow." };
        var seconds = Math.Max(1, (int)Math.Ceiling((until - clock.GetUtcNow()).TotalSeconds));
        return TooManyMails with { Message = $"{full.Why} Try again in {seconds} s.", RetryAfterSeconds = seconds };
    }

    /// <summary>Why the organization cannot invite the address, or the caller not as that; null when it can. Changes nothing.</summary>
    public async Task<Failure?> RefusalAsync(DbSession session, Caller caller, Membership by, string email, OrganizationRole role)
    {
        if (by.Personal)
            return MemberChanges.Personal;
        return await ActingMember.RefusalAsync(session, caller, by.OrganizationId, role == OrganizationRole.Owner, clock.GetUtcNow()).ConfigureAwait(false)
            ?? await RefusalAsync(session, by.OrganizationId, email).ConfigureAwait(false);
    }

    /// <summary>One that is open for the same address is replaced: only the newest mail works.</summary>
    public async Task<Outcome<InvitationRow>> InviteAsync(DbSession session, AuditActor actor, Caller caller, Membership by, string email, OrganizationRole role)
    {
        if (await OrganizationStore.LockAsync(session, by.OrganizationId).ConfigureAwait(false) is not { } organization)
            return Failure.NotFound("organization");
        if (await RefusalAsync(session, caller, by, email, role).ConfigureAwait(false) is { } refused)
            return refused;
        await EndAsync(session, "organization_id = @OrganizationId AND email = @email", "withdrawn", new { by.OrganizationId, email }).ConfigureAwait(false);
        var (token, digest) = InvitationToken.New();
        var row = await InsertAsync(session, caller, organization, email, role, digest).ConfigureAwait(false);
        await mailer.SendAsync(session, new AccountMail(AccountMailKind.Invitation, email, "")
        {
            Path = $"/invitation#{token}",
            ExpiresAt = row.ExpiresAt,
            Values = new Dictionary<string, string>(StringComparer.Ordinal) { ["organization"] = organization.Name, ["inviter"] = row.InviterName, ["role"] = row.Role },
        }).ConfigureAwait(false);
        await WriteAsync(session, actor, row, "invitation.sent").ConfigureAwait(false);
        return row;
    }

    public async Task<Outcome<bool>> WithdrawAsync(DbSession session, AuditActor actor, Guid organizationId, Guid id)
    {
        var row = await EndAsync(session, "id = @id AND organization_id = @organizationId", "withdrawn", new { id, organizationId }).ConfigureAwait(false);
        if (row is null)
            return Failure.NotFound("invitation");
        await WriteAsync(session, actor, row, "invitation.withdrawn").ConfigureAwait(false);
        return true;
    }

    /// <summary>The open invitation of this secret, if the caller has its address.</summary>
    public async Task<Outcome<InvitationRow>> FindAsync(Caller caller, string token, CancellationToken cancellation)
    {
        if (InvitationToken.DigestOf(token) is not { } digest)
            return Invalid;
        var row = await database.AsAppAsync(caller.Tenant, session => session.QuerySingleOrDefaultAsync<InvitationRow>(
            $"SELECT {Columns} FROM identity.invitation WHERE digest = @digest AND email = @Email AND ended_at IS NULL AND expires_at > @now",
            new { digest, caller.Email, now = clock.GetUtcNow() }), cancellation).ConfigureAwait(false);
        return row is null ? Invalid : row;
    }

    public async Task<Outcome<Guid>> AcceptAsync(AuditActor actor, Caller caller, string token, CancellationToken cancellation)
    {
        var found = await FindAsync(caller, token, cancellation).ConfigureAwait(false);
        if (found.Failure is { } failure)
            return failure;
        var organizationId = found.Value.OrganizationId;
        var tenant = caller.Tenant with { OrganizationIds = [.. caller.Tenant.OrganizationIds, organizationId] };
        return await database.AsAppAsync<Outcome<Guid>>(tenant, async session =>
        {
            if (!await Joining.HoldAsync(session, caller.AccountId).ConfigureAwait(false))
                return SlowBody.Ended;
            if (await OrganizationStore.LockAsync(session, organizationId).ConfigureAwait(false) is null
                // What somebody may no longer do, their invitation does not do either.
                || !ActingMember.MayInvite(await ActingMember.RoleAsync(session, organizationId, found.Value.InvitedBy).ConfigureAwait(false), found.Value.RoleOf)
                || await EndAsync(session, "id = @Id", "accepted", new { found.Value.Id }).ConfigureAwait(false) is not { } row)
                return Invalid;
            // Who was made a member meanwhile keeps that role.
            await session.ExecuteAsync("INSERT INTO identity.member (organization_id, account_id, role, created_at) VALUES (@organizationId, @AccountId, @Role, @now) ON CONFLICT DO NOTHING",
                new { organizationId, caller.AccountId, row.Role, now = clock.GetUtcNow() }).ConfigureAwait(false);
            await WriteAsync(session, actor, row, "invitation.accepted").ConfigureAwait(false);
            return organizationId;
        }, cancellation).ConfigureAwait(false);
    }

    public async Task<Outcome<bool>> DeclineAsync(AuditActor actor, Caller caller, string token, CancellationToken cancellation)
    {
        var found = await FindAsync(caller, token, cancellation).ConfigureAwait(false);
        if (found.Failure is { } failure)
            return failure;
        return await database.AsAppAsync<Outcome<bool>>(caller.Tenant, async session =>
        {
            if (await EndAsync(session, "id = @Id", "declined", new { found.Value.Id }).ConfigureAwait(false) is not { } row)
                return Invalid;
            // Not a member: the entry is the account's own, which the organization reads in its invitations.
            await audit.WriteAsync(session, actor, new AuditChange("invitation.declined", TypeId.Format("inv", row.Id))).ConfigureAwait(false);
            return true;
        }, cancellation).ConfigureAwait(false);
    }

    private async Task<Failure?> RefusalAsync(DbSession session, Guid organizationId, string email)
    {
        const string sql = """
            SELECT EXISTS (SELECT FROM identity.member m JOIN identity.account a ON a.id = m.account_id WHERE m.organization_id = @organizationId AND a.email = @email) AS is_member,
              (SELECT count(*)::int FROM identity.member WHERE organization_id = @organizationId) AS members,
              (SELECT count(*)::int FROM identity.invitation WHERE organization_id = @organizationId AND email <> @email AND ended_at IS NULL AND expires_at > @now) AS invitations,
              (SELECT count(*)::int FROM identity.invitation WHERE organization_id = @organizationId AND email = @email AND created_at > @dayAgo) AS mails
            """;
        var now = clock.GetUtcNow();
        var (isMember, members, open, mails) = await session.QuerySingleAsync<(bool, int, int, int)>(sql, new { organizationId, email, now, dayAgo = now.AddDays(-1) }).ConfigureAwait(false);
        if (isMember)
            return Failure.Conflict("ALREADY_MEMBER", "The account with this address is a member already.");
        // Also those that ended: each was a mail to somebody who may not want it.
        if (mails >= MostMailsADay)
            return TooManyMails;
        return members >= MostMembers || open >= MostOpen
            ? Failure.Conflict("TOO_MANY_MEMBERS", $"An organization has at most {MostMembers} members and {MostOpen} open invitations.")
            : null;
    }

    private Task<InvitationRow> InsertAsync(DbSession session, Caller caller, Organization organization, string email, OrganizationRole role, byte[] digest)
    {
        var now = clock.GetUtcNow();
        return session.QuerySingleAsync<InvitationRow>($"""
            INSERT INTO identity.invitation (id, organization_id, email, role, digest, invited_by, inviter_name, organization_name, created_at, expires_at)
            SELECT @id, @organization, @email, @role, @digest, a.id, a.name, @name, @now, @expires FROM identity.account a WHERE a.id = @AccountId RETURNING {Columns}
            """, new
        {
            id = TypeId.New(clock),
            organization = organization.Id,
            email,
            role = role.ToString().ToLowerInvariant(),
            digest,
            name = organization.Name,
            now,
            expires = now + Lifetime,
            caller.AccountId,
        });
    }

    // Once: of two who answer at the same moment, the second finds it ended.
    private Task<InvitationRow?> EndAsync(DbSession session, string which, string outcome, object parameters)
    {
        var all = new Dapper.DynamicParameters(parameters);
        all.Add("now", clock.GetUtcNow());
        all.Add("outcome", outcome);
        return session.QuerySingleOrDefaultAsync<InvitationRow>(
            $"UPDATE identity.invitation SET ended_at = @now, outcome = @outcome WHERE {which} AND ended_at IS NULL RETURNING {Columns}", all);
    }

    private Task WriteAsync(DbSession session, AuditActor actor, InvitationRow row, string action) =>
        audit.WriteAsync(session, actor, new AuditChange(action, TypeId.Format("inv", row.Id), row.OrganizationId, After: new { row.Email, row.Role }));
}
