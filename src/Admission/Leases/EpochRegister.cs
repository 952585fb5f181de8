using System.Globalization;
using Tollgate.Foundation;

namespace Tollgate.Admission.Leases;

/// <summary>
/// The latest epoch that any node has worked with, in PostgreSQL, when one last began to, and when one was last thought of; these times only go forward, also where the clock is set back.
/// A Redis that was the primary before another one took its place, and was only cut off, is back with all its scripts and counters as they were then, or with what nodes told it before they went on elsewhere: nothing that it holds tells it from one that never was away.
/// </summary>
internal static class EpochRegister
{
    private const int TimeDigits = 12;

    /// <summary>A node is about to work with an epoch. False when it is over: a node has begun to work with another one since this one was thought of.</summary>
    public static async Task<bool> TryEnterAsync(DbSession session, string epoch) => await session.ExecuteAsync("""
        INSERT INTO admission.shared_epoch AS own (epoch, entered_at) VALUES (@epoch, clock_timestamp())
        ON CONFLICT (one) DO UPDATE SET epoch = excluded.epoch, entered_at = greatest(own.entered_at, own.thought_at, excluded.entered_at)
        WHERE own.epoch = excluded.epoch OR (own.epoch < excluded.epoch AND own.entered_at < @thoughtOf)
        """, new { epoch, thoughtOf = TimeOf(epoch) }).ConfigureAwait(false) > 0;

    /// <summary>One that is later than all that were thought of or worked with, by the database's clock, so that no two clocks are compared.</summary>
    public static async Task<string> NextAsync(DbSession session) => Guid.CreateVersion7(await session.QuerySingleAsync<DateTimeOffset>("""
        INSERT INTO admission.shared_epoch AS own (epoch, entered_at, thought_at) VALUES ('', 'epoch', date_trunc('milliseconds', clock_timestamp()))
        ON CONFLICT (one) DO UPDATE SET thought_at = date_trunc('milliseconds', greatest(clock_timestamp(), own.thought_at + interval '1 millisecond', own.entered_at + interval '1 millisecond'))
        RETURNING thought_at
        """).ConfigureAwait(false)).ToString("N");

    // The milliseconds that a UUIDv7 begins with (RFC 9562 5.7).
    private static DateTimeOffset TimeOf(string epoch) =>
        DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(epoch.AsSpan(0, TimeDigits), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
}
