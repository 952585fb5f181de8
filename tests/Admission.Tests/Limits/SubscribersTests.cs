using System.Runtime.CompilerServices;
using Tollgate.Admission.Deciding;
using Tollgate.Admission.Limits;
using Tollgate.Admission.Table;
using Tollgate.Plans;

namespace Tollgate.Admission.Tests.Limits;

public sealed class SubscribersTests
{
    private static readonly Entitlement Model = new(
        Node.Id(), Node.Id(), new Product("api", Node.Id(), Node.Id()), Node.Id(), 1, Active: true, [Node.Deny(5, Window.Month)], Node.Noon, PriceInterval.Month, "UTC", null);

    [Fact]
    public void TryTerms_WhileTermsChangeAndRowsAreUsedAgain_IsAlwaysOfOneMoment()
    {
        var state = new NodeState(1);
        // Everything of a version says which one it is.
        Entitlement Version(Guid id, int version) => Model with
        {
            SubscriptionId = id,
            PlanVersion = version,
            OrganizationId = new Guid(version, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
            Anchor = DateTimeOffset.UnixEpoch.AddDays(version),
            Interval = IntervalOf(version),
            Active = version % 5 != 0,
            ValidUntil = EndOf(version),
            Allowances = [Node.Deny(version, Window.Month)],
        };
        static PriceInterval IntervalOf(int version) => version % 2 == 0 ? PriceInterval.Year : PriceInterval.Month;
        static DateTimeOffset? EndOf(int version) => version % 3 == 0 ? DateTimeOffset.UnixEpoch.AddYears(50).AddDays(version) : null;
        Guid[] ids = [Node.Id(), Node.Id(), Node.Id()];
        foreach (var id in ids)
            Apply(state, Version(id, 1));
        var done = false;
        var mistakes = 0;
        var now = new DateTimeOffset(1976, 3, 1, 0, 0, 0, TimeSpan.Zero);
        var readers = Enumerable.Range(0, 3).Select(number => new Thread(() =>
        {
            while (!Volatile.Read(ref done))
            {
                if (!state.Subscribers.TryTerms(number, out var terms))
                    continue;
                var version = terms.Plan.PlanVersion;
                var frame = terms.FrameAt(terms.Allowances[0], now.UtcTicks);
                var (anchor, interval) = (DateTimeOffset.UnixEpoch.AddDays(version), IntervalOf(version));
                var expected = Calendar.Of(Window.Month, anchor, interval, TimeZoneInfo.Utc, now);
                var period = Calendar.Of(Window.BillingPeriod, anchor, interval, TimeZoneInfo.Utc, now);
                var end = version % 5 == 0 ? long.MinValue : EndOf(version)?.UtcTicks ?? long.MaxValue;
                if (terms.SubscriptionId != ids[number] || terms.OrganizationId != new Guid(version, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
                    || terms.Allowances[0].Limit != version || frame.Start != expected.Start.UtcTicks || frame.End != expected.End.UtcTicks
                    || terms.ValidUntil != end || terms.PeriodStartSeconds(now.UtcTicks) != period.Start.ToUnixTimeSeconds())
                    Interlocked.Increment(ref mistakes);
            }
        })).ToList();
        readers.ForEach(reader => reader.Start());
        for (var round = 0; round < 60_000; round++)
        {
            var id = ids[round % 3];
            if (round % 10 == 9)
                state.Subscribers.Find(id)!.Value.Put(null);
            else
                Apply(state, Version(id, 1 + round % 1000));
        }
        Volatile.Write(ref done, true);
        readers.ForEach(reader => reader.Join());
        mistakes.ShouldBe(0);
    }

    [Fact]
    public void Prepare_SamePlanForMany_IsHeldOnceAndLetGoWithTheLast()
    {
        var state = new NodeState(1);
        var one = Apply(state, Model with { SubscriptionId = Node.Id() });
        var other = Apply(state, Model with { SubscriptionId = Node.Id(), OrganizationId = Node.Id(), Anchor = Node.Noon.AddDays(-3), Allowances = [Node.Deny(5, Window.Month)] });
        var special = Apply(state, Model with { SubscriptionId = Node.Id(), Allowances = [Node.Deny(6, Window.Month)] });
        other.Terms!.Value.Plan.ShouldBeSameAs(one.Terms!.Value.Plan);
        special.Terms!.Value.Plan.ShouldNotBeSameAs(one.Terms!.Value.Plan);
        var before = one.Terms!.Value.Plan;
        one.Put(null);
        other.Terms!.Value.Plan.ShouldBeSameAs(before);
        other.Put(null);
        Apply(state, Model with { SubscriptionId = Node.Id() }).Terms!.Value.Plan.ShouldNotBeSameAs(before);
    }

    [Fact]
    public void Put_TermsThatSayTheSame_ChangeNothing()
    {
        var state = new NodeState(1);
        var subscriber = Apply(state, Model);
        var row = state.Subscribers.Entry(subscriber.Slot).Row;
        Apply(state, Model with { Allowances = [Node.Deny(5, Window.Month)] });
        state.Subscribers.Entry(subscriber.Slot).Row.ShouldBe(row);
        Apply(state, Model with { Anchor = Node.Noon.AddTicks(1) });
        state.Subscribers.Entry(subscriber.Slot).Row.ShouldNotBe(row);
    }

    [Fact]
    public void Find_ManyIds_FindsEachAndNoOther()
    {
        var subscribers = new Subscribers();
        Guid[] ids = [.. Enumerable.Range(0, 50_000).Select(_ => Guid.CreateVersion7()), .. Enumerable.Range(0, 10_000).Select(_ => Node.Id())];
        foreach (var id in ids)
            subscribers.Ensure(id);
        subscribers.Count.ShouldBe(ids.Length);
        for (var slot = 0; slot < ids.Length; slot++)
            (subscribers.Find(ids[slot])!.Value.Slot, subscribers.At(slot).Id).ShouldBe((slot, ids[slot]));
        subscribers.Find(Guid.CreateVersion7()).ShouldBeNull();
    }

    [Fact]
    public void Cells_OfSeveralMeters_AreApartAndStayWhereTheyAre()
    {
        var subscribers = new Subscribers();
        var slots = Enumerable.Range(0, 6000).Select(_ => subscribers.Ensure(Node.Id()).Slot).ToList();
        foreach (var meter in (byte[])[1, 7, 3])
            foreach (var slot in slots)
                subscribers.Cell(subscribers.EnsureCell(slot, meter)).Total = slot * 10L + meter;
        foreach (var slot in slots)
            foreach (var meter in (byte[])[7, 1, 3])
                subscribers.Cell(subscribers.FindCell(slot, meter)).Total.ShouldBe(slot * 10L + meter);
        subscribers.FindCell(slots[0], 2).ShouldBe(-1);
    }

    [Fact]
    public void Words_OfEveryWindow_AreApartAndStayWhereTheyAre()
    {
        var subscribers = new Subscribers();
        var cell = subscribers.EnsureCell(subscribers.Ensure(Node.Id()).Slot, 1);
        foreach (var window in Enum.GetValues<Window>().Reverse())
        {
            subscribers.EnsureWord(cell, window);
            subscribers.Word(ref subscribers.Cell(cell), window) = (ulong)window + 100;
        }
        foreach (var window in Enum.GetValues<Window>())
        {
            subscribers.EnsureWord(cell, window);
            subscribers.Word(ref subscribers.Cell(cell), window).ShouldBe((ulong)window + 100);
        }
    }

    [Fact]
    public void Structs_OfASubscription_AreAsSmallAsReckoned()
    {
        Unsafe.SizeOf<SubscriberEntry>().ShouldBe(32);
        Unsafe.SizeOf<TermsRow>().ShouldBe(40);
        Unsafe.SizeOf<MeterCell>().ShouldBe(32);
        Unsafe.SizeOf<KeyEntry>().ShouldBe(64);
    }

    private static Subscriber Apply(NodeState state, Entitlement entitlement)
    {
        var subscriber = state.Subscribers.Ensure(entitlement.SubscriptionId);
        subscriber.Put(state.Prepare(entitlement));
        return subscriber;
    }
}
