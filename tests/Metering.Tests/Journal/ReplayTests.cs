using Tollgate.Metering.Journal;
using static Tollgate.Metering.Tests.Journal.JournalFixture;

namespace Tollgate.Metering.Tests.Journal;

public sealed class ReplayTests
{
    private readonly Guid _a = Number(7);
    private readonly Guid _b = Number(8);

    [Fact]
    public void Replay_InPieces_HandsOutEachBillableEventOnce()
    {
        using var files = new JournalFixture();
        using var journal = files.Open();
        var counts = new Dictionary<Guid, long>();
        var at = journal.Head;
        for (var i = 0; i < 1000; i++)
        {
            journal.Append(Event(i, i % 3 == 0 ? _a : _b, billable: i % 5 != 0));
            if (i % 7 == 0)
                at = Count(journal, at, counts);
        }
        at = Count(journal, at, counts);
        // Over several segments, and nothing is left.
        files.Segments().Length.ShouldBeGreaterThan(2);
        Count(journal, at, counts).ShouldBe(at);
        counts[_a].ShouldBe(Enumerable.Range(0, 1000).Count(i => i % 3 == 0 && i % 5 != 0));
        counts[_b].ShouldBe(Enumerable.Range(0, 1000).Count(i => i % 3 != 0 && i % 5 != 0));
    }

    [Fact]
    public void Replay_Streams_CountAtTheirEndWithTheFinalAmounts()
    {
        using var files = new JournalFixture();
        using var journal = files.Open();
        var open = journal.Begin(Event(1, _a));
        Amounts(journal, 0).ShouldBeEmpty();
        var end = Event(1, _a);
        end.Amounts[0] = new MeterAmount(Meter.BytesOut.Code, 500);
        journal.End(open, end);
        Amounts(journal, 0).ShouldBe([(_a, Meter.BytesOut.Code, 500), (_a, Meter.Requests.Code, 1)], ignoreOrder: true);
    }

    [Fact]
    public void Replay_AfterAKill_HoldsTheStreamsThatTheRestartClosed()
    {
        using var files = new JournalFixture();
        using var journal = files.Open();
        journal.Append(Event(1, _a));
        var checkpoint = journal.Tail;
        journal.Begin(Event(2, _b));
        journal.Append(Event(3, _a));
        using var killed = files.Killed();

        using var next = killed.Open();

        Amounts(next, checkpoint).ShouldBe([(_a, Meter.Requests.Code, 1), (_b, Meter.Requests.Code, 1)], ignoreOrder: true);
    }

    [Fact]
    public void Replay_DamagedRecord_IsSkipped()
    {
        using var files = new JournalFixture();
        using var journal = files.Open();
        for (var i = 0; i < 5; i++)
            journal.Append(Event(i, i == 2 ? _b : _a));
        using (var file = new FileStream(files.SegmentFile(0), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            file.Position = ReadAll(journal)[2].Offset + 40;
            file.WriteByte(0x5A);
        }
        Amounts(journal, 0).Count.ShouldBe(4);
    }

    [Fact]
    public void Replay_OffsetThatTheJournalDoesNotHold_IsNull()
    {
        using var files = new JournalFixture();
        files.Options.SegmentBytes = SmallSegment;
        (files.Options.RetentionHours, files.Options.RetentionBytes) = (0, 0);
        using var journal = files.Open();
        for (var i = 0; i < 100; i++)
            journal.Append(Event(i));
        journal.Replay(journal.Tail + 8, (in FinishedUsage _) => { }).ShouldBeNull();
        SpinWait.SpinUntil(() =>
        {
            journal.Release(journal.Tail);
            return journal.Head > 0;
        }, TimeSpan.FromSeconds(60)).ShouldBeTrue();
        journal.Replay(0, (in FinishedUsage _) => { }).ShouldBeNull();
        journal.Replay(journal.Head, (in FinishedUsage _) => { }).ShouldBe(journal.Tail);
    }

    private static long Count(UsageJournal journal, long from, Dictionary<Guid, long> counts) =>
        journal.Replay(from, (in FinishedUsage usage) => counts[usage.SubscriptionId] = counts.GetValueOrDefault(usage.SubscriptionId) + usage.Amounts[0].Amount + usage.Amounts[3].Amount)
            .ShouldNotBeNull();

    private static List<(Guid Subscription, byte Meter, long Amount)> Amounts(UsageJournal journal, long from)
    {
        var all = new List<(Guid, byte, long)>();
        journal.Replay(from, (in FinishedUsage usage) =>
        {
            foreach (var pair in usage.Amounts)
                if (pair.Meter != 0)
                    all.Add((usage.SubscriptionId, pair.Meter, pair.Amount));
        }).ShouldNotBeNull();
        return all;
    }
}
