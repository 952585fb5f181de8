using Tollgate.Foundation;

namespace Tollgate.Identity.Admin;

/// <summary>An operator suspended an organization, or lifted it.</summary>
/// <param name="Reason">Null when it is lifted.</param>
internal sealed record SuspensionChanged(Guid OrganizationId, bool Suspended, string? Reason)
{
    public const string Type = "identity.suspension_changed";
}

/// <summary>
/// Mails an organization's owners and admins that it is suspended, and that it is no longer. By the outbox: how many news an address has had, no request may look up. An
/// address that nobody has proved is told nothing: it may be somebody else's. What is not so any more is not told: an event that failed comes again after later ones.
/// </summary>
internal sealed class SuspensionNews(IOrganizationContacts contacts, IAccountMailer mailer) : IOutboxHandler
{
    private const string NameWhereItIsSo = """
        SELECT o.name FROM identity.organization o LEFT JOIN identity.suspension x ON x.organization_id = o.id
        WHERE o.id = @OrganizationId AND (x.organization_id IS NOT NULL) = @Suspended AND x.reason IS NOT DISTINCT FROM @Reason
        """;

    public string Name => "identity.suspension_news";

    public string EventType => SuspensionChanged.Type;

    public int MaximumVersion => 1;

    public async Task HandleAsync(DbSession session, OutboxEvent @event)
    {
        var change = @event.Read<SuspensionChanged>();
        if (await session.QuerySingleOrDefaultAsync<string>(NameWhereItIsSo, change).ConfigureAwait(false) is not { } organization)
            return;
        var values = new Dictionary<string, string>(StringComparer.Ordinal) { ["organization"] = organization };
        if (change.Reason is { } reason)
            values["reason"] = reason;
        // In one order: other organizations with the same people may be told at the same time.
        foreach (var person in (await contacts.AdminsAsync(session, change.OrganizationId).ConfigureAwait(false)).OrderBy(person => person.Email, StringComparer.Ordinal))
            if (person.EmailVerified)
                await mailer.SendAsync(session, new AccountMail(change.Suspended ? AccountMailKind.OrganizationSuspended : AccountMailKind.OrganizationUnsuspended, person.Email, person.Name)
                {
                    Values = values,
                    // A mail server that was away for a while is told how it stands, and not first what is over.
                    Topic = $"suspension/{change.OrganizationId}/{person.AccountId}",
                    HappenedAt = @event.At,
                    // What is one too many is not said, and still takes the place of what is over.
                    IsDecoy = !await contacts.TakeNewsAsync(session, person.Email).ConfigureAwait(false),
                }).ConfigureAwait(false);
    }
}
