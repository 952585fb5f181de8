using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Npgsql;

namespace Tollgate.Metering.Shipping;

/// <summary>
/// The columns of the request log in one place. Row-level security refuses COPY, so a batch is copied into a temporary table and inserted from there.
/// </summary>
internal static class LogColumns
{
    private const int BufferBytes = 128 * 1024;
    // More than any row has: path and method grow threefold when every byte of them is replaced.
    private const int MostRowBytes = 4096;

    private delegate void WriteColumn(ref CopyRow to, in LogRow row, Guid journalId);

    private static readonly Column[] All =
    [
        new("at", "timestamptz", (ref to, in row, _) => to.Timestamp(row.At)),
        new("started_at", "timestamptz", (ref to, in row, _) => to.Timestamp(row.StartedAt)),
        new("period_start", "timestamptz", (ref to, in row, _) => to.Timestamp(row.PeriodStart)),
        new("journal_offset", "bigint", (ref to, in row, _) => to.Bigint(row.JournalOffset)),
        new("closed_offset", "bigint", (ref to, in row, _) => to.Bigint(row.ClosedOffset)),
        new("duration_us", "bigint", (ref to, in row, _) => to.Bigint(row.DurationMicros)),
        new("upstream_us", "bigint", (ref to, in row, _) => BigintUnlessNegative(ref to, row.Event.UpstreamMicros)),
        new("bytes_in", "bigint", (ref to, in row, _) => to.Bigint(row.Event.BytesIn)),
        new("bytes_out", "bigint", (ref to, in row, _) => to.Bigint(row.Event.BytesOut)),
        new("plan_version", "integer", (ref to, in row, _) => to.Integer(row.Event.PlanVersion)),
        new("api_version", "integer", (ref to, in row, _) => to.Integer(row.Event.ApiVersion)),
        new("status", "smallint", (ref to, in row, _) => to.Smallint(row.Event.Status)),
        new("outcome", "smallint", (ref to, in row, _) => to.Smallint((short)row.Event.Outcome)),
        new("reason", "smallint", (ref to, in row, _) => to.Smallint((short)row.Event.Reason)),
        new("billable", "boolean", (ref to, in row, _) => to.Boolean(row.Event.Billable)),
        new("journal_id", "uuid", (ref to, in _, journalId) => to.Uuid(journalId)),
        new("request_id", "uuid", (ref to, in row, _) => to.Uuid(row.Event.RequestId)),
        new("organization_id", "uuid", (ref to, in row, _) => to.Uuid(row.Event.OrganizationId)),
        new("provider_organization_id", "uuid", (ref to, in row, _) => to.Uuid(row.Event.ProviderOrganizationId)),
        new("subscription_id", "uuid", (ref to, in row, _) => to.Uuid(row.Event.SubscriptionId)),
        new("key_id", "uuid", (ref to, in row, _) => to.UuidOrNull(row.Event.KeyId)),
        new("api_id", "uuid", (ref to, in row, _) => to.Uuid(row.Event.ApiId)),
        new("operation_id", "uuid", (ref to, in row, _) => to.UuidOrNull(row.Event.OperationId)),
        new("method", "text", (ref to, in row, _) => to.Text(row.Event.Method.Span)),
        new("path", "text", (ref to, in row, _) => to.Text(row.Event.Path.Span)),
        new("country", "text", (ref to, in row, _) => Country(ref to, row.Event.Country)),
        new("client_address", "inet", (ref to, in row, _) => to.AddressOrNull(row.Event.ClientAddress)),
        new("meters", "smallint[]", (ref to, in row, _) => to.SmallintsOrNull(row.Meters)),
        new("amounts", "bigint[]", (ref to, in row, _) => to.BigintsOrNull(row.Amounts)),
    ];

    private static readonly string Names = string.Join(", ", All.Select(c => c.Name));

    /// <summary>Made once for a connection, and empty again after each transaction: a table made for each batch costs more than a small batch does.</summary>
    public static readonly string CreateTemporary =
        $"CREATE TEMPORARY TABLE arrived ({string.Join(", ", All.Select(c => $"{c.Name} {c.Type}"))}) ON COMMIT DELETE ROWS";

    public const string HasTemporary = "SELECT to_regclass('pg_temp.arrived') IS NOT NULL";

    /// <summary>
    /// Without ON CONFLICT, which would look for each row first and write a second record for it into the server's log: an event that is there already is the
    /// rare case, and fails by the primary key.
    /// </summary>
    public static readonly string Insert = $"INSERT INTO metering.request_log ({Names}) SELECT {Names} FROM pg_temp.arrived";

    private static readonly string Copy = $"COPY pg_temp.arrived ({Names}) FROM STDIN (FORMAT BINARY)";

    // Signature, flags, and the length of a header extension.
    private static readonly byte[] Head = [.. "PGCOPY\n"u8, 0xFF, .. "\r\n\0"u8, 0, 0, 0, 0, 0, 0, 0, 0];

    public static async Task CopyAsync(NpgsqlConnection connection, Guid journalId, List<LogRow> rows, CancellationToken cancellation)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        var stream = await connection.BeginRawBinaryCopyAsync(Copy, cancellation).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            Head.CopyTo(buffer, 0);
            var filled = Head.Length;
            for (var next = 0; next < rows.Count;)
            {
                (next, filled) = Fill(buffer, filled, rows, next, journalId);
                await stream.WriteAsync(buffer.AsMemory(0, filled), cancellation).ConfigureAwait(false);
                filled = 0;
            }
            BinaryPrimitives.WriteInt16BigEndian(buffer, -1);
            await stream.WriteAsync(buffer.AsMemory(0, 2), cancellation).ConfigureAwait(false);
        }
        ArrayPool<byte>.Shared.Return(buffer);
    }

    private static (int Next, int Filled) Fill(byte[] buffer, int filled, List<LogRow> rows, int next, Guid journalId)
    {
        var all = CollectionsMarshal.AsSpan(rows);
        for (; next < all.Length && filled <= buffer.Length - MostRowBytes; next++)
        {
            var to = new CopyRow(buffer.AsSpan(filled));
            to.Columns(All.Length);
            foreach (var column in All)
                column.Write(ref to, in all[next], journalId);
            filled += to.Length;
        }
        return (next, filled);
    }

    private static void BigintUnlessNegative(ref CopyRow to, long value)
    {
        if (value < 0)
            to.Null();
        else
            to.Bigint(value);
    }

    // Two letters in one number, or 0.
    private static void Country(ref CopyRow to, ushort letters)
    {
        if (letters == 0)
            to.Null();
        else
            to.Text([(byte)(letters >> 8), (byte)letters]);
    }

    private sealed record Column(string Name, string Type, WriteColumn Write);
}
