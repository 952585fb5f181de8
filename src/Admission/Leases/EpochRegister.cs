using System.Globalization;
using Tollgate.Foundation;

namespace Tollgate.Admission.Leases;

/// <summary>
/// The latest epoch that any node has worked with, in PostgreSQL. A Redis that was the primary before another one took its place, and was only cut off, is back with all its
/// scripts and counters as they were then: nothing that it holds tells it from one that never was away.
/// </summary>
internal static class EpochRegister
{
    /// <summary>A node is about to work with an epoch. Answers the latest that there is: another one means that this one is over.</summary>
    public static Task<string> EnterAsync(DbSession session, string epoch) => session.QuerySingleAsync<string>("""
        INSERT INTO admission.shared_epoch AS own (epoch) VALUES (@epoch)
        ON CONFLICT (one) DO UPDATE SET epoch = greatest(own.epoch, excluded.epoch) RETURNING own.epoch
        """, new { epoch });

    /// <summary>One that is later than all: the database's time, so that no two clocks are compared, and later than the latest should that clock have been set back.</summary>
    public static async Task<string> NextAsync(DbSession session)
    {
        var latest = await session.QuerySingleAsync<string>("SELECT coalesce((SELECT epoch FROM admission.shared_epoch), '')").ConfigureAwait(false);
        var now = await session.QuerySingleAsync<DateTimeOffset>("SELECT clock_timestamp()").ConfigureAwait(false);
        var after = latest.Length < 12 ? now : DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(latest.AsSpan(0, 12), NumberStyles.HexNumber, CultureInfo.InvariantCulture) + 1);
        return Guid.CreateVersion7(now > after ? now : after).ToString("N");
    }
}
