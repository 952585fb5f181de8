using Tollgate.Foundation;
using Tollgate.Identity.Attempts;

namespace Tollgate.Identity.SecondFactor;

/// <summary>An organization asks a second factor of its members from now on.</summary>
internal sealed record SecondFactorAsked(Guid OrganizationId)
{
    public const string Type = "identity.second_factor_asked";
}

/// <summary>Mails every member so. By the outbox: how many news an address has had, no request may look up. An address that nobody has proved is told nothing: it may be somebody else's.</summary>
internal sealed class SecondFactorNews(MailLimits mails, IAccountMailer mailer) : IOutboxHandler
{
    private const string Members = """
        SELECT a.id, a.email, a.name, o.name AS organization FROM identity.organization o
        JOIN identity.member m ON m.organization_id = o.id
        JOIN identity.account a ON a.id = m.account_id AND a.disabled_at IS NULL AND a.email_verified_at IS NOT NULL
        WHERE o.id = @OrganizationId AND o.require_second_factor ORDER BY a.email COLLATE "C"
        """;

    public string Name => "identity.second_factor_news";

    public string EventType => SecondFactorAsked.Type;

    public int MaximumVersion => 1;

    // In one order: other organizations with the same people may be told at the same time.
    public async Task HandleAsync(DbSession session, OutboxEvent @event)
    {
        var asked = @event.Read<SecondFactorAsked>();
        foreach (var (id, email, name, organization) in await session.QueryAsync<(Guid, string, string, string)>(Members, new { asked.OrganizationId }).ConfigureAwait(false))
            if (await mails.TakeAskedAsync(session, asked.OrganizationId, email).ConfigureAwait(false))
                await mailer.SendAsync(session, new AccountMail(AccountMailKind.SecondFactorAsked, email, name)
                {
                    Path = "/account",
                    Values = new Dictionary<string, string>(StringComparer.Ordinal) { ["organization"] = organization },
                    Topic = $"second_factor/{asked.OrganizationId}/{id}",
                }).ConfigureAwait(false);
    }
}
