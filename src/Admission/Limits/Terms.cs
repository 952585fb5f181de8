using Tollgate.Admission.Leases;
using Tollgate.Plans;

namespace Tollgate.Admission.Limits;

/// <summary>
/// What one subscriber may use, as it stood at one moment: what it has in common with others, and what is its own. A value, copied out of the flat arrays; the counters, which belong to
/// the subscription, the meter and the window, stay where they are whatever the terms.
/// </summary>
internal readonly struct Terms
{
    private readonly Subscribers _all;
    private readonly int _slot;
    private readonly int _row;
    private readonly int _tag;

    /// <summary>Terms that are not in force yet.</summary>
    public Terms(Subscriber subscriber, PlanTerms plan, Entitlement entitlement)
    {
        (_all, _slot, _row, Plan) = (subscriber.All, subscriber.Slot, -1, plan);
        SubscriptionId = entitlement.SubscriptionId;
        OrganizationId = entitlement.OrganizationId;
        Anchor = entitlement.Anchor.UtcTicks;
        ValidUntil = entitlement.Active ? entitlement.ValidUntil?.UtcTicks ?? long.MaxValue : long.MinValue;
    }

    public Terms(Subscribers all, int slot, PlanTerms plan, Guid subscription, in TermsRow row, int place, long validUntil)
    {
        (_all, _slot, _row, _tag, Plan) = (all, slot, place, row.Tag, plan);
        SubscriptionId = subscription;
        OrganizationId = row.OrganizationId;
        Anchor = row.Anchor;
        ValidUntil = validUntil;
    }

    public PlanTerms Plan { get; }

    public Guid SubscriptionId { get; }

    public Guid OrganizationId { get; }

    /// <summary>UTC ticks.</summary>
    public long Anchor { get; }

    /// <summary>UTC ticks; long.MaxValue without an end, long.MinValue when the subscription is not active.</summary>
    public long ValidUntil { get; }

    public Subscriber Subscriber => new(_all, _slot);

    public AllowanceTerm[] Allowances => Plan.Allowances;

    /// <summary>These terms' windows are counted on this node: an inactive subscription's are not built.</summary>
    public bool IsCounted => ValidUntil != long.MinValue;

    public bool IsActiveAt(long now) => now < ValidUntil;

    public long PeriodStartSeconds(long now) => (AnchoredAt(Window.BillingPeriod, now).Start - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerSecond;

    public int PeriodResetSeconds(long now) => AnchoredAt(Window.BillingPeriod, now).ResetSeconds(now);

    public Frame FrameAt(in AllowanceTerm term, long now) => term.Clock is { } clock ? clock.At(now) : AnchoredAt(term.Window, now);

    /// <summary>The ordinal of the window of an instant that may be long past; what is kept for the calls of now stays.</summary>
    public uint OrdinalAt(in AllowanceTerm term, long time)
    {
        if (term.Clock is { } clock)
            return clock.OrdinalAt(time);
        return TryKept(term.Window, time, out var frame) ? frame.Ordinal : WorkedOut(term.Window, time).Ordinal;
    }

    /// <summary>The counters of a meter that these terms limit.</summary>
    public ref MeterCell CellOf(byte meter) => ref _all.Cell(_all.FindCell(_slot, meter));

    /// <summary>The word of a window that these terms limit.</summary>
    public ref ulong WordOf(ref MeterCell cell, Window window) => ref _all.Word(ref cell, window);

    /// <summary>Where nodes share limits: what this node may spend of this one.</summary>
    public WindowLease? LeaseOf(in AllowanceTerm term) => !term.Charged && Subscriber.TryLeases(term.Meter, out var leases) ? leases.Find(term.Window) : null;

    /// <summary>From the path, when a lease runs low.</summary>
    public void AskFor(byte meter)
    {
        if (Subscriber.TryLeases(meter, out var leases))
            leases.Ask();
    }

    /// <summary>True when the row, with this number for its plan, says the same.</summary>
    public bool Equals(in TermsRow row, int plan, long validUntil) =>
        row.Plan == plan && row.OrganizationId == OrganizationId && row.Anchor == Anchor && validUntil == ValidUntil;

    private Frame AnchoredAt(Window window, long now)
    {
        if (TryKept(window, now, out var kept))
            return kept;
        var frame = WorkedOut(window, now);
        if (_row >= 0)
            Keep(ref Word(window), frame);
        return frame;
    }

    private bool TryKept(Window window, long time, out Frame frame)
    {
        frame = default;
        if (_row < 0 || !AnchoredFrame.TryRead(Volatile.Read(ref Word(window)), Anchor, _tag, out var start, out var end))
            return false;
        frame = Frame.Of(window, start, end);
        return frame.Holds(time);
    }

    // Only over a word of this row's: another's terms may have it by now.
    private void Keep(ref ulong word, in Frame frame)
    {
        var seen = Volatile.Read(ref word);
        if (AnchoredFrame.IsOf(seen, _tag))
            Interlocked.CompareExchange(ref word, AnchoredFrame.Pack(frame.Start, frame.End, Anchor, _tag), seen);
    }

    private ref ulong Word(Window window) =>
        ref window == Window.BillingPeriod && Plan.Interval == PriceInterval.Year ? ref _all.Year(_row) : ref _all.Row(_row).Month;

    private Frame WorkedOut(Window window, long time)
    {
        var span = Calendar.Of(window, new DateTimeOffset(Anchor, TimeSpan.Zero), Plan.Interval, Plan.Zone, new DateTimeOffset(time, TimeSpan.Zero));
        return Frame.Of(window, span.Start.UtcTicks, span.End.UtcTicks);
    }
}
