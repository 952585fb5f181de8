using System.Security.Cryptography;
using System.Text;
using Tollgate.Foundation;
using Tollgate.Identity.Access;
using Tollgate.Identity.Accounts;
using Tollgate.Identity.Attempts;
using Tollgate.Identity.Organizations;

namespace Tollgate.Identity.ApiTokens;

internal sealed class ApiTokenRow
{
    public Guid Id { get; init; }

    public Guid AccountId { get; init; }

    public Guid? OrganizationId { get; init; }

    public string Name { get; init; } = "";

    public string Prefix { get; init; } = "";

    public string[] Scopes { get; init; } = [];

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    public DateTimeOffset? LastUsedAt { get; init; }

    public bool SecondFactor { get; init; }

    public string AccountName { get; init; } = "";
}

/// <summary>API tokens as their account, and those who manage the organization that one is bound to, see them.</summary>
internal sealed class ApiTokenStore(OrganizationStore organizations, IAccountMailer mailer, IAuditLog audit, TimeProvider clock)
{
    private const int MostOfAnAccount = 50;
    private const int MostWithinAnHour = 60;

    private const string Select = """
        SELECT t.id, t.account_id, t.organization_id, t.name, t.prefix, t.scopes, t.created_at, t.expires_at, t.last_used_at, t.second_factor, coalesce(a.name, '') AS account_name
        FROM identity.api_token t LEFT JOIN identity.account a ON a.id = t.account_id
        WHERE t.ended_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > @now)
        """;

    public Task<IReadOnlyList<ApiTokenRow>> OfAccountAsync(DbSession session, Guid accountId) =>
        session.QueryAsync<ApiTokenRow>($"{Select} AND t.account_id = @accountId ORDER BY t.id DESC LIMIT 200", new { accountId, now = clock.GetUtcNow() });

    public Task<IReadOnlyList<ApiTokenRow>> OfOrganizationAsync(DbSession session, Guid organizationId) =>
        session.QueryAsync<ApiTokenRow>($"{Select} AND t.organization_id = @organizationId ORDER BY t.id DESC LIMIT 500", new { organizationId, now = clock.GetUtcNow() });

    /// <summary>Answers the secret too, this once.</summary>
    public async Task<Outcome<(ApiTokenRow Row, string Secret)>> CreateAsync(
        DbSession session, AuditActor actor, Caller caller, string name, IReadOnlyList<TokenScope> scopes, Guid? organizationId, DateTimeOffset? expiresAt)
    {
        const string insert = """
            INSERT INTO identity.api_token (id, account_id, organization_id, name, prefix, scopes, digest, created_at, expires_at, second_factor)
            VALUES (@id, @AccountId, @organizationId, @name, @prefix, @scopes, @digest, @now, @expiresAt, @SecondFactorShown)
            """;
        const string isLiving = """
            SELECT EXISTS (SELECT FROM identity.session s JOIN identity.account a ON a.id = s.account_id
              WHERE s.id = @SessionId AND a.id = @AccountId AND s.ended_at IS NULL AND s.expires_at > @now AND a.disabled_at IS NULL AND a.deleted_at IS NULL)
            """;
        // The organization before the account's tokens, as a deletion locks them. Who is removed meanwhile makes no token that would live again with a later membership.
        if (organizationId is { } bound && (await organizations.HoldAsync(session, bound).ConfigureAwait(false) is null
            || await ActingMember.RoleAsync(session, bound, caller.AccountId).ConfigureAwait(false) is null))
            return Failure.NotFound("organization");
        // Counting and making are one: of many at once none is one too many. And whoever ends them all has done so, which then ended this session too, or waits.
        await WaysIn.HoldTokensAsync(session, caller.AccountId).ConfigureAwait(false);
        if (!await session.QuerySingleAsync<bool>(isLiving, new { caller.SessionId, caller.AccountId, now = clock.GetUtcNow() }).ConfigureAwait(false))
            return SlowBody.Ended;
        if ((await OfAccountAsync(session, caller.AccountId).ConfigureAwait(false)).Count >= MostOfAnAccount)
            return Failure.Conflict("TOO_MANY_TOKENS", $"An account has at most {MostOfAnAccount} API tokens. End those that nobody uses.");
        if (await WaitAsync(session, caller.AccountId).ConfigureAwait(false) is { } seconds)
            return new Failure(FailureKind.LimitReached, "RATE_LIMITED", $"An account makes at most {MostWithinAnHour} API tokens within an hour. Try again in {seconds} s.") { RetryAfterSeconds = seconds };
        var secret = ApiTokenText.New();
        var id = TypeId.New(clock);
        string[] texts = [.. scopes.Distinct().Order().Select(TokenScopes.Text)];
        await session.ExecuteAsync(insert, new
        {
            id,
            caller.AccountId,
            organizationId,
            name,
            prefix = ApiTokenText.Shown(secret),
            scopes = texts,
            digest = SHA256.HashData(Encoding.ASCII.GetBytes(secret)),
            now = clock.GetUtcNow(),
            expiresAt,
            caller.SecondFactorShown,
        }).ConfigureAwait(false);
        await audit.WriteAsync(session, actor, new AuditChange("api_token.created", TypeId.Format("tok", id), organizationId, After: new { name, scopes = texts, expiresAt })).ConfigureAwait(false);
        var row = await session.QuerySingleAsync<ApiTokenRow>($"{Select} AND t.id = @id", new { id, now = clock.GetUtcNow() }).ConfigureAwait(false);
        await mailer.SendAsync(session, new AccountMail(AccountMailKind.SecurityChanged, caller.Email, row.AccountName)
        {
            IsDecoy = !caller.EmailVerified || await MadeWithinAnHourAsync(session, caller.AccountId).ConfigureAwait(false) > MailLimits.NewsOfOneAddress,
            Values = new Dictionary<string, string>(StringComparer.Ordinal) { ["change"] = $"The API token “{name}” ({row.Prefix}…) was made. Whoever has it acts as you, within its scopes: {string.Join(", ", texts)}." },
        }).ConfigureAwait(false);
        return (row, secret);
    }

    // Until there is room for one more within the hour; null where there is. Those that have ended count too, or making and ending by turns would have no end.
    private async Task<int?> WaitAsync(DbSession session, Guid accountId)
    {
        const string sql = "SELECT created_at FROM identity.api_token WHERE account_id = @accountId AND created_at > @since ORDER BY created_at DESC OFFSET @before LIMIT 1";
        var since = clock.GetUtcNow().AddHours(-1);
        var first = await session.QuerySingleOrDefaultAsync<DateTimeOffset?>(sql, new { accountId, since, before = MostWithinAnHour - 1 }).ConfigureAwait(false);
        return first is { } at ? Math.Max(1, (int)Math.Ceiling((at - since).TotalSeconds)) : null;
    }

    // Those that have ended count too: each was a mail. A request may not write the counts of mails. Whose address nobody has proved is told nothing: it may be somebody else's.
    private Task<int> MadeWithinAnHourAsync(DbSession session, Guid accountId) => session.QuerySingleAsync<int>(
        "SELECT count(*)::int FROM identity.api_token WHERE account_id = @accountId AND created_at > @since", new { accountId, since = clock.GetUtcNow().AddHours(-1) });

    /// <summary>Ends one of the account, or of the organization.</summary>
    public async Task<Outcome<bool>> EndAsync(DbSession session, AuditActor actor, Guid id, Guid? accountId, Guid? organizationId)
    {
        const string end = """
            UPDATE identity.api_token SET ended_at = @now WHERE id = @id AND ended_at IS NULL
              AND (account_id = @accountId OR organization_id = @organizationId) RETURNING name, organization_id
            """;
        var ended = await session.QuerySingleOrDefaultAsync<ApiTokenRow>(end, new { id, accountId, organizationId, now = clock.GetUtcNow() }).ConfigureAwait(false);
        if (ended is null)
            return Failure.NotFound("API token");
        await audit.WriteAsync(session, actor, new AuditChange("api_token.ended", TypeId.Format("tok", id), ended.OrganizationId, new { ended.Name })).ConfigureAwait(false);
        return true;
    }
}
