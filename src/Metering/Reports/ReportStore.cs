using System.Globalization;
using Microsoft.AspNetCore.Mvc;
using Tollgate.Foundation;
using Tollgate.Identity;
using Tollgate.Metering.Usage;

namespace Tollgate.Metering.Reports;

internal sealed class ReportListParameters : PageParameters
{
    private DateTimeOffset? _at;
    private Guid? _last;

    [FromQuery(Name = "subscription")]
    public string? Subscription { get; init; }

    /// <summary>Id or slug of the organization that reported; your personal one without this and without a subscription.</summary>
    [FromQuery(Name = "organization")]
    public string? Organization { get; init; }

    [FromQuery(Name = "meter")]
    public string? Meter { get; init; }

    public DateTimeOffset? At => _at;

    public Guid? Last => _last;

    public override void Validate(Errors errors)
    {
        base.Validate(errors);
        errors.Check(string.IsNullOrEmpty(Subscription) || string.IsNullOrEmpty(Organization), "organization", "ONE_SUBJECT", "Give one of subscription and organization.");
        errors.Text("meter", Meter, 0, 200);
    }

    public Outcome<UsageSubject> Of(Caller caller)
    {
        if (!string.IsNullOrEmpty(Subscription))
            return TypeId.TryParse(Subscription, "sub", out var id) ? new UsageSubject("subscription_id", id, "subscription") : Failure.NotFound("subscription");
        var membership = caller.Organization(Organization);
        return membership.Failure is { } failure ? failure : new UsageSubject("provider_organization_id", membership.Value.OrganizationId, null);
    }

    public static string KeyOf(DateTimeOffset at, Guid id) => string.Create(CultureInfo.InvariantCulture, $"{at.UtcTicks}.{id:n}");

    protected override bool TryReadKey(string key)
    {
        var parts = key.Split('.');
        if (parts.Length != 2 || !long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var ticks) || ticks > DateTime.MaxValue.Ticks
            || !Guid.TryParseExact(parts[1], "n", out var id))
            return false;
        (_at, _last) = (new DateTimeOffset(ticks, TimeSpan.Zero), id);
        return true;
    }
}

/// <summary>Reads what was reported under the caller's row-level security: both sides see it.</summary>
internal static class ReportStore
{
    public static async Task<Page<ReportedEventResponse>> ListAsync(DbSession session, UsageSubject subject, ReportListParameters list)
    {
        List<string> conditions = [$"{subject.Column} = @subject"];
        if (!string.IsNullOrEmpty(list.Meter))
            conditions.Add("meter = @meter");
        if (list.Last is not null)
            conditions.Add("(at, id) < (@at, @last)");
        var rows = await session.QueryAsync<Row>($"""
            SELECT id, event_id, source, meter, subscription_id, amount, event_time, at, received_at FROM metering.reported_usage
            WHERE {string.Join(" AND ", conditions)} ORDER BY at DESC, id DESC LIMIT @limit
            """, new { subject = subject.Id, meter = list.Meter, at = list.At, last = list.Last, limit = list.Count + 1 }).ConfigureAwait(false);
        var page = Page<Row>.Cut(rows, list.Count, row => ReportListParameters.KeyOf(row.At, row.Id));
        return new Page<ReportedEventResponse>([.. page.Data.Select(row => row.ToResponse())], page.HasMore, page.Next);
    }

    private sealed class Row
    {
        public Guid Id { get; init; }

        public string EventId { get; init; } = "";

        public string Source { get; init; } = "";

        public string Meter { get; init; } = "";

        public Guid SubscriptionId { get; init; }

        public long Amount { get; init; }

        public DateTimeOffset EventTime { get; init; }

        public DateTimeOffset At { get; init; }

        public DateTimeOffset ReceivedAt { get; init; }

        public ReportedEventResponse ToResponse() =>
            new(TypeId.Format("evt", Id), EventId, Source, Meter, TypeId.Format("sub", SubscriptionId), Amount, EventTime, At, ReceivedAt);
    }
}
