using Npgsql;
using Tollgate.Foundation;
using Tollgate.Metering.Shipping;

namespace Tollgate.Metering.Reports;

/// <summary>An event that may count, with all that is written of it.</summary>
internal sealed record AdmittedReport(ReportedEvent Event, ReportSubject Subject, CountedTime Counted, DateTimeOffset Time, byte[] Key, byte[] Content, Guid Id)
{
    /// <summary>The version under which it was used: that of the time at which it counts.</summary>
    public int PlanVersion { get; } = Subject.PlanVersionAt(Counted.At);
}

/// <summary>
/// Claims and writes in ONE transaction: an event is known exactly when it is counted. Whoever sends the same one at the same time waits for the other's commit and
/// then finds it known. A batch of any size is a handful of round trips.
/// </summary>
internal sealed class ReportWriter(IDatabase database)
{
    // In the order of the keys, so that two batches never wait for each other in a circle.
    private const string Claim = """
        INSERT INTO metering.reported_event (organization_id, event_key, content, created_at)
        SELECT organization_id, event_key, content, @now FROM unnest(@organizations, @keys, @contents) AS n (organization_id, event_key, content)
        ON CONFLICT DO NOTHING RETURNING organization_id, event_key, content
        """;

    private const string Known = """
        SELECT organization_id, event_key, content FROM metering.reported_event
        WHERE (organization_id, event_key) IN (SELECT * FROM unnest(@organizations, @keys))
        """;

    private const string Insert = """
        INSERT INTO metering.reported_usage (at, event_time, received_at, period_start, amount, plan_version, id, organization_id, provider_organization_id,
          subscription_id, meter, source, event_id)
        SELECT n.at, n.event_time, $1, n.period_start, n.amount, n.plan_version, n.id, n.organization_id, n.provider_organization_id, n.subscription_id, n.meter, n.source, n.event_id
        FROM unnest($2::timestamptz[], $3::timestamptz[], $4::timestamptz[], $5::bigint[], $6::integer[], $7::uuid[], $8::uuid[], $9::uuid[], $10::uuid[], $11::text[],
          $12::text[], $13::text[]) AS n (at, event_time, period_start, amount, plan_version, id, organization_id, provider_organization_id, subscription_id, meter, source, event_id)
        """;

    private const string Changed = """
        INSERT INTO metering.reported_change (subscription_id, changed) SELECT id, pg_current_xact_id() FROM unnest($1::uuid[]) AS id
        ON CONFLICT (subscription_id) DO UPDATE SET changed = excluded.changed
        """;

    /// <summary>What became of each, by its key: the claimed ones are written.</summary>
    public Task<ReportClaims> WriteAsync(IReadOnlyCollection<AdmittedReport> reports, DateTimeOffset now, CancellationToken cancellation) => database.AsIngestAsync(async session =>
    {
        var inOrder = reports.OrderBy(report => report.Subject.ProviderOrganizationId).ThenBy(report => Convert.ToHexString(report.Key), StringComparer.Ordinal).ToList();
        var claims = await ClaimAsync(session, inOrder, now).ConfigureAwait(false);
        var fresh = inOrder.Where(report => claims.IsFresh(report)).ToList();
        if (fresh.Count > 0)
            await WriteAsync(session, fresh, now).ConfigureAwait(false);
        return claims;
    }, cancellation);

    private static async Task<ReportClaims> ClaimAsync(DbSession session, List<AdmittedReport> reports, DateTimeOffset now)
    {
        await session.ExecuteAsync(SliceBatch.Durable).ConfigureAwait(false);
        var claims = new ReportClaims();
        claims.AddFresh(await session.QueryAsync<ClaimRow>(Claim, Arguments(reports, now)).ConfigureAwait(false));
        var rest = reports.Where(report => !claims.IsFresh(report)).ToList();
        if (rest.Count > 0)
            claims.AddKnown(await session.QueryAsync<ClaimRow>(Known, Arguments(rest, now)).ConfigureAwait(false));
        return claims;
    }

    private static object Arguments(List<AdmittedReport> reports, DateTimeOffset now) => new
    {
        organizations = reports.Select(r => r.Subject.ProviderOrganizationId).ToArray(),
        keys = reports.Select(r => r.Key).ToArray(),
        contents = reports.Select(r => r.Content).ToArray(),
        now,
    };

    private static async Task WriteAsync(DbSession session, List<AdmittedReport> fresh, DateTimeOffset now)
    {
        await using var batch = new NpgsqlBatch(session.Connection, session.Transaction);
        batch.BatchCommands.Add(SliceBatch.Command(SliceBatch.LockDays, fresh.Select(r => (int)(r.Counted.At - DateTimeOffset.UnixEpoch).TotalDays).Distinct().Order().ToArray()));
        batch.BatchCommands.Add(SliceBatch.Command(Insert, now.UtcDateTime, Of(fresh, r => r.Counted.At.UtcDateTime), Of(fresh, r => r.Time.UtcDateTime),
            Of(fresh, r => r.Counted.PeriodStart.UtcDateTime), Of(fresh, r => r.Event.Amount), Of(fresh, r => r.PlanVersion), Of(fresh, r => r.Id),
            Of(fresh, r => r.Subject.OrganizationId), Of(fresh, r => r.Subject.ProviderOrganizationId), Of(fresh, r => r.Subject.SubscriptionId),
            Of(fresh, r => r.Event.Meter), Of(fresh, r => r.Event.Source), Of(fresh, r => r.Event.Id)));
        var columns = new ColumnLists();
        RollupWriter.AddMeters(batch, Rollups.InKeyOrder(fresh.GroupBy(HourOf).Select(group => KeyValuePair.Create(group.Key, group.Sum(r => (decimal)r.Event.Amount)))), columns);
        RollupWriter.AddPeriods(batch, Rollups.InKeyOrder(fresh.GroupBy(PeriodOf).Select(group => KeyValuePair.Create(group.Key,
            new PeriodSum(group.First().Subject.OrganizationId, group.First().Subject.ProviderOrganizationId, group.Sum(r => (decimal)r.Event.Amount))))), columns);
        batch.BatchCommands.Add(SliceBatch.Command(Changed, fresh.Select(r => r.Subject.SubscriptionId).Distinct().Order().ToArray()));
        await batch.ExecuteNonQueryAsync(session.Cancellation).ConfigureAwait(false);
    }

    private static MeterKey HourOf(AdmittedReport report)
    {
        var at = report.Counted.At.UtcDateTime;
        return new MeterKey(report.Subject.SubscriptionId, report.Event.Meter, new DateTime(at.Ticks - at.Ticks % TimeSpan.TicksPerHour, DateTimeKind.Utc),
            report.Subject.OrganizationId, report.Subject.ProviderOrganizationId);
    }

    private static PeriodKey PeriodOf(AdmittedReport report) =>
        new(report.Subject.SubscriptionId, report.Counted.PeriodStart.UtcDateTime, report.PlanVersion, report.Event.Meter);

    private static TValue[] Of<TValue>(List<AdmittedReport> reports, Func<AdmittedReport, TValue> value)
    {
        var values = new TValue[reports.Count];
        for (var i = 0; i < values.Length; i++)
            values[i] = value(reports[i]);
        return values;
    }
}
