using System.Globalization;
using Tollgate.Foundation;

namespace Tollgate.Admission.Leases;

/// <summary>
/// The latest epoch that any node has worked with, in PostgreSQL, and when one last began to. A Redis that was the primary before another one took its place, and was only cut off, is back
/// with all its scripts and counters as they were then, or with what nodes told it before they went on elsewhere: nothing that it holds tells it from one that never was away.
/// </summary>
internal static class EpochRegister
{
    private const int TimeDigits = 12;

    /// <summary>A node is about to work with an epoch. False when it is over: a node has begun to work with another one since this one was thought of.</summary>
    public static async Task<bool> TryEnterAsync(DbSession session, string epoch) => await session.ExecuteAsync("""
        INSERT INTO admission.shared_epoch AS own (epoch, entered_at) VALUES (@epoch, clock_timestamp())
        ON CONFLICT (one) DO UPDATE SET epoch = excluded.epoch, entered_at = greatest(own.entered_at, excluded.entered_at)
        WHERE own.epoch = excluded.epoch OR (own.epoch < excluded.epoch AND own.entered_at < @thoughtOf)
        """, new { epoch, thoughtOf = TimeOf(epoch) }).ConfigureAwait(false) > 0;

    /// <summary>One that is later than all: by the database's clock, so that no two clocks are compared, and later than the latest should that clock have been set back.</summary>
    public static async Task<string> NextAsync(DbSession session)
    {
        var latest = await session.QuerySingleOrDefaultAsync<Entered>("SELECT epoch, entered_at FROM admission.shared_epoch").ConfigureAwait(false);
        var now = await session.QuerySingleAsync<DateTimeOffset>("SELECT clock_timestamp()").ConfigureAwait(false);
        var after = latest is null ? now : Max(latest.EnteredAt, TimeOf(latest.Epoch)).AddMilliseconds(1);
        return Guid.CreateVersion7(Max(now, after)).ToString("N");
    }

    // The milliseconds that a UUIDv7 begins with (RFC 9562 5.7).
    private static DateTimeOffset TimeOf(string epoch) =>
        DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(epoch.AsSpan(0, TimeDigits), NumberStyles.HexNumber, CultureInfo.InvariantCulture));

    private static DateTimeOffset Max(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;

    private sealed record Entered(string Epoch, DateTimeOffset EnteredAt);
}
