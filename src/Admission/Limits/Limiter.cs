using Tollgate.Admission.Leases;
using Tollgate.Metering;

namespace Tollgate.Admission.Limits;

/// <summary>
/// Takes one call from every allowance or from none. Exact under any concurrency without a lock; docs/decisions/0006-limiter.md has the argument.
/// </summary>
internal static class Limiter
{
    private const int Listed = 8;

    /// <summary>Admitted, rate limited or undecided. Fills limits, tightest, and on refusal reason and retry-after.</summary>
    public static AdmissionVerdict TryTake(in Terms terms, in MeterAmounts amounts, long now, ref AdmissionDecision decision)
    {
        while (true)
        {
            var verdict = Look(terms, amounts, now, ref decision);
            if (verdict != AdmissionVerdict.Admitted)
                return verdict;
            if (Take(terms, amounts, now, ref decision))
            {
                decision.Amounts = amounts;
                Tightest.MarkOnSuccess(ref decision);
                return AdmissionVerdict.Admitted;
            }
            // Another call took what this one saw; look again.
        }
    }

    /// <summary>What is left, for a call that is refused for another reason.</summary>
    public static void Show(in Terms terms, in MeterAmounts amounts, long now, ref AdmissionDecision decision)
    {
        Look(terms, amounts, now, ref decision);
        Tightest.MarkOnSuccess(ref decision);
    }

    /// <summary>Gives back what was taken, where its window still runs.</summary>
    public static void GiveBack(Subscriber subscriber, in AdmissionDecision decision)
    {
        for (var i = 0; i < decision.LimitCount; i++)
        {
            if (decision.Stamps[i] == 0 || subscriber.FindCell(decision.Limits[i].Meter) is var number && number < 0)
                continue;
            var window = decision.Limits[i].Window;
            WindowWord.GiveBack(ref subscriber.All.Word(ref subscriber.All.Cell(number), window), WindowWord.BaseBits(window), decision.Stamps[i], AmountOf(decision.Limits[i].Meter, decision.Amounts, out _));
        }
    }

    /// <summary>Takes without asking; the calls after it find the limit passed.</summary>
    public static void Settle(Subscriber subscriber, in MeterAmounts amounts, long now)
    {
        var limited = subscriber.TryTerms(out var terms);
        for (var i = 0; i < 4; i++)
        {
            var (meter, amount) = amounts[i];
            if (meter == 0 || amount <= 0 || subscriber.FindCell(meter) is var number && number < 0)
                continue;
            ref var cell = ref subscriber.All.Cell(number);
            // Roll over first, or the amount would be counted in a window that has ended.
            foreach (ref readonly var term in limited ? terms.Allowances.AsSpan() : default)
                if (term.Meter == meter)
                    WindowWord.Current(ref terms.WordOf(ref cell, term.Window), term.Bits, terms.FrameAt(term, now).Ordinal, ref cell.Total);
            Interlocked.Add(ref cell.Total, amount);
        }
    }

    /// <summary>What the call takes of a meter. Named with zero: nothing now, but it will be settled, so something must be left.</summary>
    private static long AmountOf(byte meter, in MeterAmounts amounts, out bool named)
    {
        long sum = 0;
        named = PlanTerms.IsOnlyKnownAfterwards(meter);
        for (var i = 0; i < 4; i++)
        {
            if (amounts[i].Meter != meter)
                continue;
            named = true;
            sum += Math.Max(0, amounts[i].Amount);
        }
        return sum;
    }

    // Reads only: would it be refused, and by which?
    private static AdmissionVerdict Look(in Terms terms, in MeterAmounts amounts, long now, ref AdmissionDecision decision)
    {
        var count = 0;
        var refusal = default(Refusal);
        var lacking = default(Lacking);
        foreach (ref readonly var term in terms.Allowances.AsSpan())
        {
            var amount = AmountOf(term.Meter, amounts, out var named);
            if (!named)
                continue;
            ref var cell = ref terms.CellOf(term.Meter);
            var lease = terms.LeaseOf(term);
            var frame = terms.FrameAt(term, now);
            // Order matters: the total before the word. Whatever rolls over or is given back in between, a refusal was then true when the word was read.
            var total = Volatile.Read(ref cell.Total);
            var word = WindowWord.Current(ref terms.WordOf(ref cell, term.Window), term.Bits, frame.Ordinal, ref cell.Total);
            var used = WindowWord.Used(term.Bits, total, word);
            var granted = GrantedOf(term, lease, word);
            if (Refuses(term, granted, used, amount))
            {
                // Its own part is spent here; whether the whole is, Redis knows.
                var missing = Math.Max(1, amount) - (granted - used);
                if (lease is null || amount > term.Limit || (lease.IsKnownToLack(WindowWord.Ordinal(term.Bits, word), missing, now) && Refuses(term, GrantedOf(term, lease, word), used, amount)))
                    refusal.Add(term.Window, frame.ResetSeconds(now), count);
                else
                    lacking.Add(term.Meter, Math.Max(1, amount));
            }
            List(term, lease, frame, granted, used, word, now, ref decision, count++);
        }
        decision.LimitCount = Math.Min(count, Listed);
        if (refusal.Any)
        {
            refusal.WriteTo(ref decision);
            return AdmissionVerdict.RateLimited;
        }
        if (!lacking.Any)
            return AdmissionVerdict.Admitted;
        lacking.WriteTo(ref decision);
        return AdmissionVerdict.Undecided;
    }

    // All windows of one meter with one swap; meters one after the other, given back when a later one refuses.
    private static bool Take(in Terms terms, in MeterAmounts amounts, long now, ref AdmissionDecision decision)
    {
        decision.Stamps = default;
        var count = 0;
        for (var first = 0; first < terms.Allowances.Length;)
        {
            var meter = terms.Allowances[first].Meter;
            var end = first + 1;
            while (end < terms.Allowances.Length && terms.Allowances[end].Meter == meter)
                end++;
            var group = terms.Allowances.AsSpan(first, end - first);
            first = end;
            var amount = AmountOf(meter, amounts, out var named);
            if (!named)
                continue;
            if (amount > 0 && !TakeMeter(terms, group, amount, now, ref decision, count))
            {
                GiveBackFirst(terms, amounts, ref decision, count);
                return false;
            }
            count += group.Length;
        }
        return true;
    }

    private static bool TakeMeter(in Terms terms, ReadOnlySpan<AllowanceTerm> group, long amount, long now, ref AdmissionDecision decision, int count)
    {
        ref var cell = ref terms.CellOf(group[0].Meter);
        while (true)
        {
            var total = Volatile.Read(ref cell.Total);
            for (var i = 0; i < group.Length; i++)
            {
                ref readonly var term = ref group[i];
                var lease = terms.LeaseOf(term);
                var frame = terms.FrameAt(term, now);
                var word = WindowWord.Current(ref terms.WordOf(ref cell, term.Window), term.Bits, frame.Ordinal, ref cell.Total);
                var used = WindowWord.Used(term.Bits, total, word);
                // After the total, like the word: a lease that is given up moves the total once more.
                var granted = GrantedOf(term, lease, word);
                if (Refuses(term, granted, used, amount))
                    return false;
                List(term, lease, frame, granted, used + amount, word, now, ref decision, count + i);
                if (lease?.RunsLow(WindowWord.Ordinal(term.Bits, word), used + amount) == true)
                    terms.AskFor(term.Meter);
                // Two allowances may share a window; its word is given back to once.
                if (count + i < Listed)
                    decision.Stamps[count + i] = i > 0 && group[i - 1].Window == term.Window ? 0 : WindowWord.Ordinal(term.Bits, word);
            }
            if (Interlocked.CompareExchange(ref cell.Total, total + amount, total) == total)
                return true;
        }
    }

    private static void GiveBackFirst(in Terms terms, in MeterAmounts amounts, ref AdmissionDecision decision, int count)
    {
        var place = 0;
        foreach (ref readonly var term in terms.Allowances.AsSpan())
        {
            var amount = AmountOf(term.Meter, amounts, out var named);
            if (!named)
                continue;
            if (place == count)
                break;
            if (place < Listed && decision.Stamps[place] != 0)
                WindowWord.GiveBack(ref terms.WordOf(ref terms.CellOf(term.Meter), term.Window), term.Bits, decision.Stamps[place], amount);
            place++;
        }
        decision.Stamps = default;
    }

    private static long GrantedOf(in AllowanceTerm term, WindowLease? lease, ulong word) =>
        lease is not null ? Math.Min(term.Limit, lease.Granted(WindowWord.Ordinal(term.Bits, word))) : term.Limit;

    private static bool Refuses(in AllowanceTerm term, long granted, long used, long amount) => !term.Charged && (amount > 0 ? amount > granted - used : used >= granted);

    // Where nodes share a limit: what is left here, and what was left for all when Redis last answered.
    private static void List(in AllowanceTerm term, WindowLease? lease, Frame frame, long granted, long used, ulong word, long now, ref AdmissionDecision decision, int place)
    {
        if (place >= Listed)
            return;
        var left = granted - used + (lease?.Left(WindowWord.Ordinal(term.Bits, word)) ?? 0);
        decision.Limits[place] = new LimitState(term.Window, term.Meter, term.Charged, term.Limit, Math.Clamp(left, 0, term.Limit), frame.Seconds, frame.ResetSeconds(now));
    }
}
