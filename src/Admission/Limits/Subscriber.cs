using System.Diagnostics.CodeAnalysis;
using Tollgate.Admission.Leases;

namespace Tollgate.Admission.Limits;

/// <summary>One subscription on this node. A handle: what it has is in the flat arrays of <see cref="Subscribers"/>. A slot means the same subscription for good.</summary>
internal readonly record struct Subscriber(Subscribers All, int Slot)
{
    public Guid Id => All.Entry(Slot).Id;

    public int InFlight => Volatile.Read(ref All.Entry(Slot).InFlight);

    /// <summary>The terms in force; null when there are none.</summary>
    public Terms? Terms => TryTerms(out var terms) ? terms : null;

    /// <summary>Another number when other terms are put in force; 0 when there are none.</summary>
    public ulong TermsNumber => Volatile.Read(ref All.Entry(Slot).Row);

    /// <summary>The period and meters in which a call would cost more than the consumer wants to spend; null while there is none.</summary>
    public SpentUp? SpentUp => All.SpentUpOf(Slot);

    public IReadOnlyList<MeterLeases> Leases => All.LeasesOf(Slot);

    /// <summary>All of it is of one moment.</summary>
    public bool TryTerms(out Terms terms) => All.TryTerms(Slot, out terms);

    /// <summary>Puts terms in force; null ends them.</summary>
    public void Put(Terms? terms)
    {
        if (terms is { } fresh)
            All.Put(Slot, fresh);
        else
            All.End(Slot);
    }

    public void SetSpentUp(SpentUp? spent) => All.SetSpentUp(Slot, spent);

    /// <summary>This node's part of the calls in flight at once, where nodes share it.</summary>
    public SlotLease? Slots => All.SlotsOf(Slot);

    /// <summary>One more call in flight; answers how many there are by then.</summary>
    public int Enter() => Interlocked.Increment(ref All.Entry(Slot).InFlight);

    /// <summary>One more call in flight, or false.</summary>
    public bool TryEnter(int most)
    {
        ref var inFlight = ref All.Entry(Slot).InFlight;
        if (Interlocked.Increment(ref inFlight) <= most)
            return true;
        Interlocked.Decrement(ref inFlight);
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref All.Entry(Slot).InFlight);

    /// <summary>Number of the meter's cell, or -1.</summary>
    public int FindCell(byte meter) => All.FindCell(Slot, meter);

    /// <summary>Number of the meter's cell, made when it is new.</summary>
    public int EnsureCell(byte meter) => All.EnsureCell(Slot, meter);

    public bool TryLeases(byte meter, [NotNullWhen(true)] out MeterLeases? found)
    {
        foreach (var leases in All.LeasesOf(Slot))
        {
            if (leases.Meter == meter)
            {
                found = leases;
                return true;
            }
        }
        found = null;
        return false;
    }
}
