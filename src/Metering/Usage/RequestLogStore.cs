using System.Buffers.Binary;
using Tollgate.Foundation;

namespace Tollgate.Metering.Usage;

/// <summary>A call. `client_address` is null for everybody but the consumer: the database does not give it to others.</summary>
internal sealed record RequestLogResponse(
    string Id, DateTimeOffset At, string RequestId, string Method, string Path, int Status, UsageOutcome Outcome, RefusalReason? Reason, bool Billable,
    double DurationMs, double? UpstreamMs, long BytesIn, long BytesOut, string ApiId, int ApiVersion, string? OperationId, string SubscriptionId, string? KeyId,
    string? Country, string? ClientAddress);

/// <summary>Reads the request log under the caller's row-level security.</summary>
internal static class RequestLogStore
{
    public static async Task<Page<RequestLogResponse>> ListAsync(DbSession session, UsageSubject subject, RequestLogFilter filter)
    {
        List<string> conditions = [$"{subject.Column} = @id"];
        if (filter.LowestStatus is not null)
            conditions.Add("status BETWEEN @lowest AND @highest");
        if (filter.Outcome is not null)
            conditions.Add("outcome = @outcome");
        if (filter.From is not null)
            conditions.Add("at >= @from");
        if (filter.To is not null)
            conditions.Add("at < @to");
        if (filter.After is not null)
            conditions.Add("(at, journal_id, journal_offset) < (@afterAt, @afterJournal, @afterOffset)");
        // The address is looked up for the page only, by a function that answers the consumer and nobody else.
        var rows = await session.QueryAsync<Row>($"""
            SELECT page.*, metering.client_address(journal_id, journal_offset, at) AS client_address
            FROM ({Newest(subject, string.Join(" AND ", conditions))}) page
            ORDER BY at DESC, journal_id DESC, journal_offset DESC
            """, new
        {
            id = subject.Id,
            lowest = filter.LowestStatus,
            highest = filter.HighestStatus,
            outcome = (short?)filter.Outcome,
            from = filter.From,
            to = filter.To,
            afterAt = filter.After?.At,
            afterJournal = filter.After?.JournalId,
            afterOffset = filter.After?.JournalOffset,
            limit = filter.Limit + 1,
        }).ConfigureAwait(false);
        var page = Page<Row>.Cut(rows, filter.Limit, row => new RequestLogPlace(row.At, row.JournalId, row.JournalOffset).ToString());
        return new Page<RequestLogResponse>([.. page.Data.Select(Answer)], page.HasMore, page.Next);
    }

    // The log has no index by consumer: its subscriptions are few, usage_daily names them, and the newest calls of each are found by the subscription's index.
    private static string Newest(UsageSubject subject, string conditions)
    {
        var newest = $"""
            SELECT at, journal_id, journal_offset, request_id, method, path, status, outcome, reason, billable, duration_us, upstream_us, bytes_in, bytes_out,
              api_id, api_version, operation_id, subscription_id, key_id, country
            FROM metering.request_log WHERE {conditions}
            """;
        const string Order = "ORDER BY at DESC, journal_id DESC, journal_offset DESC LIMIT @limit";
        return subject.Column != "organization_id"
            ? $"{newest} {Order}"
            : $"""
            SELECT calls.* FROM (SELECT DISTINCT subscription_id AS id FROM metering.usage_daily WHERE organization_id = @id) own
            CROSS JOIN LATERAL ({newest} AND subscription_id = own.id {Order}) calls
            {Order}
            """;
    }

    private static RequestLogResponse Answer(Row row) => new(
        TypeId.Format("evt", EventId(row.JournalId, row.JournalOffset)), row.At, TypeId.Format("req", row.RequestId), row.Method, row.Path, row.Status, (UsageOutcome)row.Outcome,
        row.Reason == 0 ? null : (RefusalReason)row.Reason, row.Billable, row.DurationUs / 1000.0, row.UpstreamUs / 1000.0, row.BytesIn, row.BytesOut,
        TypeId.Format("api", row.ApiId), row.ApiVersion, Format("ep", row.OperationId), TypeId.Format("sub", row.SubscriptionId), Format("key", row.KeyId),
        row.Country, row.ClientAddress);

    private static string? Format(string prefix, Guid? id) => id is { } value ? TypeId.Format(prefix, value) : null;

    // The event's id is (journal, offset). Journals are random in 128 bits, so their combination by XOR is as unique as they are.
    private static Guid EventId(Guid journal, long offset)
    {
        Span<byte> bytes = stackalloc byte[16];
        journal.TryWriteBytes(bytes, bigEndian: true, out _);
        BinaryPrimitives.WriteInt64BigEndian(bytes[8..], BinaryPrimitives.ReadInt64BigEndian(bytes[8..]) ^ offset);
        return new Guid(bytes, bigEndian: true);
    }

    private sealed class Row
    {
        public DateTimeOffset At { get; init; }
        public Guid JournalId { get; init; }
        public long JournalOffset { get; init; }
        public Guid RequestId { get; init; }
        public string Method { get; init; } = "";
        public string Path { get; init; } = "";
        public short Status { get; init; }
        public short Outcome { get; init; }
        public short Reason { get; init; }
        public bool Billable { get; init; }
        public long DurationUs { get; init; }
        public long? UpstreamUs { get; init; }
        public long BytesIn { get; init; }
        public long BytesOut { get; init; }
        public Guid ApiId { get; init; }
        public int ApiVersion { get; init; }
        public Guid? OperationId { get; init; }
        public Guid SubscriptionId { get; init; }
        public Guid? KeyId { get; init; }
        public string? Country { get; init; }
        public string? ClientAddress { get; init; }
    }
}
