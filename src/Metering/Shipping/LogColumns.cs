using Npgsql;
using NpgsqlTypes;

namespace Tollgate.Metering.Shipping;

/// <summary>
/// The columns of the request log in one place. Row-level security refuses COPY, so a batch is copied into a temporary table and inserted from there.
/// </summary>
internal static class LogColumns
{
    private static readonly Column[] All =
    [
        new("at", "timestamptz", (w, r, _, c) => w.WriteAsync(r.At, NpgsqlDbType.TimestampTz, c)),
        new("started_at", "timestamptz", (w, r, _, c) => w.WriteAsync(r.StartedAt, NpgsqlDbType.TimestampTz, c)),
        new("period_start", "timestamptz", (w, r, _, c) => w.WriteAsync(r.PeriodStart, NpgsqlDbType.TimestampTz, c)),
        new("journal_offset", "bigint", (w, r, _, c) => w.WriteAsync(r.JournalOffset, NpgsqlDbType.Bigint, c)),
        new("closed_offset", "bigint", (w, r, _, c) => w.WriteAsync(r.ClosedOffset, NpgsqlDbType.Bigint, c)),
        new("duration_us", "bigint", (w, r, _, c) => w.WriteAsync(r.DurationMicros, NpgsqlDbType.Bigint, c)),
        new("upstream_us", "bigint", (w, r, _, c) => r.Event.UpstreamMicros < 0 ? w.WriteNullAsync(c) : w.WriteAsync(r.Event.UpstreamMicros, NpgsqlDbType.Bigint, c)),
        new("bytes_in", "bigint", (w, r, _, c) => w.WriteAsync(r.Event.BytesIn, NpgsqlDbType.Bigint, c)),
        new("bytes_out", "bigint", (w, r, _, c) => w.WriteAsync(r.Event.BytesOut, NpgsqlDbType.Bigint, c)),
        new("plan_version", "integer", (w, r, _, c) => w.WriteAsync(r.Event.PlanVersion, NpgsqlDbType.Integer, c)),
        new("api_version", "integer", (w, r, _, c) => w.WriteAsync(r.Event.ApiVersion, NpgsqlDbType.Integer, c)),
        new("status", "smallint", (w, r, _, c) => w.WriteAsync(r.Event.Status, NpgsqlDbType.Smallint, c)),
        new("outcome", "smallint", (w, r, _, c) => w.WriteAsync((short)r.Event.Outcome, NpgsqlDbType.Smallint, c)),
        new("reason", "smallint", (w, r, _, c) => w.WriteAsync((short)r.Event.Reason, NpgsqlDbType.Smallint, c)),
        new("billable", "boolean", (w, r, _, c) => w.WriteAsync(r.Event.Billable, NpgsqlDbType.Boolean, c)),
        new("journal_id", "uuid", (w, _, j, c) => w.WriteAsync(j, NpgsqlDbType.Uuid, c)),
        new("request_id", "uuid", (w, r, _, c) => w.WriteAsync(r.Event.RequestId, NpgsqlDbType.Uuid, c)),
        new("organization_id", "uuid", (w, r, _, c) => w.WriteAsync(r.Event.OrganizationId, NpgsqlDbType.Uuid, c)),
        new("provider_organization_id", "uuid", (w, r, _, c) => w.WriteAsync(r.Event.ProviderOrganizationId, NpgsqlDbType.Uuid, c)),
        new("subscription_id", "uuid", (w, r, _, c) => w.WriteAsync(r.Event.SubscriptionId, NpgsqlDbType.Uuid, c)),
        new("key_id", "uuid", (w, r, _, c) => OrNull(w, r.Event.KeyId, c)),
        new("api_id", "uuid", (w, r, _, c) => w.WriteAsync(r.Event.ApiId, NpgsqlDbType.Uuid, c)),
        new("operation_id", "uuid", (w, r, _, c) => OrNull(w, r.Event.OperationId, c)),
        new("method", "text", (w, r, _, c) => w.WriteAsync(r.Method, NpgsqlDbType.Text, c)),
        new("path", "text", (w, r, _, c) => w.WriteAsync(r.Path, NpgsqlDbType.Text, c)),
        new("country", "text", (w, r, _, c) => r.Country() is { } country ? w.WriteAsync(country, NpgsqlDbType.Text, c) : w.WriteNullAsync(c)),
        new("client_address", "inet", (w, r, _, c) => r.ClientAddress() is { } address ? w.WriteAsync(address, NpgsqlDbType.Inet, c) : w.WriteNullAsync(c)),
        new("meters", "smallint[]", (w, r, _, c) =>
            r.Meters is { } meters ? w.WriteAsync(meters, NpgsqlDbType.Array | NpgsqlDbType.Smallint, c) : w.WriteNullAsync(c)),
        new("amounts", "bigint[]", (w, r, _, c) =>
            r.Amounts is { } amounts ? w.WriteAsync(amounts, NpgsqlDbType.Array | NpgsqlDbType.Bigint, c) : w.WriteNullAsync(c)),
    ];

    private static readonly string Names = string.Join(", ", All.Select(c => c.Name));

    public static readonly string CreateTemporary =
        $"CREATE TEMPORARY TABLE arrived ({string.Join(", ", All.Select(c => $"{c.Name} {c.Type}"))}) ON COMMIT DROP";

    /// <summary>An event that is there already is left alone; the caller sees it by the count.</summary>
    public static readonly string Insert =
        $"INSERT INTO metering.request_log ({Names}) SELECT {Names} FROM pg_temp.arrived ORDER BY journal_offset ON CONFLICT DO NOTHING";

    private static readonly string Copy = $"COPY pg_temp.arrived ({Names}) FROM STDIN (FORMAT BINARY)";

    public static async Task CopyAsync(NpgsqlConnection connection, Guid journalId, IReadOnlyList<LogRow> rows, CancellationToken cancellation)
    {
        await using var writer = await connection.BeginBinaryImportAsync(Copy, cancellation).ConfigureAwait(false);
        foreach (var row in rows)
        {
            await writer.StartRowAsync(cancellation).ConfigureAwait(false);
            foreach (var column in All)
            {
                var written = column.Write(writer, row, journalId, cancellation);
                if (!written.IsCompletedSuccessfully)
                    await written.ConfigureAwait(false);
            }
        }
        await writer.CompleteAsync(cancellation).ConfigureAwait(false);
    }

    private static Task OrNull(NpgsqlBinaryImporter writer, Guid id, CancellationToken cancellation) =>
        id == Guid.Empty ? writer.WriteNullAsync(cancellation) : writer.WriteAsync(id, NpgsqlDbType.Uuid, cancellation);

    private sealed record Column(string Name, string Type, Func<NpgsqlBinaryImporter, LogRow, Guid, CancellationToken, Task> Write);
}
