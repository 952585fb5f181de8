using Tollgate.Plans;

namespace Tollgate.Admission.Limits;

internal readonly record struct UsedAllowance(byte Meter, string Name, Window Window, bool Charged, long Limit, long Used, long ResetsAt);

/// <summary>What a subscription has used of its allowances on this node, for pages. Reads only: a window that nobody has called in yet shows zero.</summary>
internal static class LiveUsage
{
    public static IReadOnlyList<UsedAllowance> Of(in Terms terms, long now)
    {
        var all = new List<UsedAllowance>(terms.Allowances.Length);
        foreach (var term in terms.Allowances)
        {
            ref var cell = ref terms.CellOf(term.Meter);
            var frame = terms.FrameAt(term, now);
            // The word before the total: the difference is then never below zero.
            var word = Volatile.Read(ref terms.WordOf(ref cell, term.Window));
            var total = Volatile.Read(ref cell.Total);
            var used = WindowWord.Ordinal(term.Bits, word) >= frame.Ordinal ? Math.Max(0, WindowWord.Used(term.Bits, total, word)) : 0;
            all.Add(new UsedAllowance(term.Meter, term.Name, term.Window, term.Charged, term.Limit, used, frame.End));
        }
        return all;
    }
}
