using Tollgate.Admission.Deciding;

namespace Tollgate.Admission.Limits;

/// <summary>
/// A node that has started does not know what was spent before. Until the database has told, a capped subscription waits past what its plan includes: a cap that was
/// reached long ago holds from the first call on.
/// </summary>
internal static class UnheardCaps
{
    public static void Assume(IEnumerable<KeyValuePair<Guid, Subscriber>> capped, DateTimeOffset now)
    {
        foreach (var (_, subscriber) in capped)
            if (subscriber.TryTerms(out var terms))
                subscriber.SetSpentUp(UsedUp(terms, now.UtcTicks) is not 0 and var meters ? new SpentUp(terms.PeriodStartSeconds(now.UtcTicks), meters) : null);
    }

    private static uint UsedUp(in Terms terms, long now)
    {
        var meters = 0u;
        foreach (ref readonly var term in terms.Allowances.AsSpan())
        {
            if (!term.Charged)
                continue;
            ref var cell = ref terms.CellOf(term.Meter);
            var total = Volatile.Read(ref cell.Total);
            var word = WindowWord.Current(ref terms.WordOf(ref cell, term.Window), term.Bits, terms.FrameAt(term, now).Ordinal, ref cell.Total);
            if (WindowWord.Used(term.Bits, total, word) >= term.Limit)
                meters |= MeterMask.Of(term.Meter);
        }
        return meters;
    }
}
