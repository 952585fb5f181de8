using System.Text;
using Tollgate.Metering.Journal;
using Tollgate.TestKit;
using static Tollgate.Metering.Tests.Journal.JournalFixture;

namespace Tollgate.Metering.Tests.Journal;

public sealed class AppendTests
{
    [Fact]
    public void Append_AllFields_ComeBackAsTheyWere()
    {
        using var files = new JournalFixture();
        using var journal = files.Open();
        var written = Full();
        journal.Append(written);

        var read = ReadAll(journal).ShouldHaveSingleItem();

        read.Kind.ShouldBe(JournalRecordKind.Usage);
        ShouldBeSame(read.Usage, written);
    }

    [Fact]
    public void End_ReplacesWhatTheContractSays_AndKeepsTheRestOfTheBegin()
    {
        using var files = new JournalFixture();
        using var journal = files.Open();
        var begin = Full();
        var open = journal.Begin(begin);
        var amounts = new MeterAmounts();
        amounts[0] = new MeterAmount(7, 99);
        journal.Checkpoint(open, 5, 6, 7, amounts);
        var end = new UsageEvent
        {
            Status = 206,
            Outcome = UsageOutcome.ClientAborted,
            Billable = false,
            DurationMicros = 10,
            UpstreamMicros = 4,
            BytesIn = 8,
            BytesOut = 9,
            Amounts = amounts,
        };
        journal.End(open, end);

        var records = ReadAll(journal);

        records.Select(r => r.Kind).ShouldBe([JournalRecordKind.Begin, JournalRecordKind.Checkpoint, JournalRecordKind.End]);
        records[1].BeginOffset.ShouldBe(open.Offset);
        records[1].Usage.BytesOut.ShouldBe(7);
        records[2].BeginOffset.ShouldBe(open.Offset);
        var expected = begin with
        {
            Status = 206,
            Outcome = UsageOutcome.ClientAborted,
            Reason = RefusalReason.None,
            Billable = false,
            DurationMicros = 10,
            UpstreamMicros = 4,
            BytesIn = 8,
            BytesOut = 9,
            Amounts = amounts,
        };
        ShouldBeSame(records[2].Usage, expected);
        // From an offset after the begin: the end is whole all the same.
        ShouldBeSame(ReadAll(journal, records[2].Offset).ShouldHaveSingleItem().Usage, expected);
    }

    [Fact]
    public void End_Twice_CountsOnce()
    {
        using var files = new JournalFixture();
        using var journal = files.Open();
        var open = journal.Begin(Event(1));
        journal.End(open, Event(1));
        journal.End(open, Event(1));
        journal.SealTotals();

        var records = ReadAll(journal);

        records.Count(r => r.Kind == JournalRecordKind.End).ShouldBe(1);
        SumOfTotals(records).Values.Sum().ShouldBe(1);
    }

    [Theory]
    [InlineData(256, 256)]
    [InlineData(257, 256)]
    [InlineData(4000, 256)]
    public void Append_LongAsciiPath_IsCut(int length, int kept)
    {
        using var files = new JournalFixture();
        using var journal = files.Open();
        journal.Append(Event(1) with { Path = Encoding.UTF8.GetBytes(new string('a', length)) });

        ReadAll(journal)[0].Usage.Path.Length.ShouldBe(kept);
    }

    [Fact]
    public void Append_LongPathAndMethod_AreCutAtACharactersBoundary()
    {
        using var files = new JournalFixture();
        using var journal = files.Open();
        for (var pad = 0; pad < 5; pad++)
        {
            var path = new string('a', 250 + pad) + "𝄞€é𝄞";
            journal.Append(Event(pad) with { Path = Encoding.UTF8.GetBytes(path), Method = "PROPPATCHPROPPATCH"u8.ToArray() });
        }

        foreach (var record in ReadAll(journal))
        {
            record.Usage.Method.Length.ShouldBe(16);
            record.Usage.Path.Length.ShouldBeInRange(253, 256);
            // Throws on half a character.
            new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(record.Usage.Path.Span).ShouldStartWith("aaa");
        }
    }

    [Fact]
    public void Append_SteadyState_AllocatesNothing()
    {
        using var files = new JournalFixture();
        files.Options.SegmentBytes = 4 * 1024 * 1024;
        using var journal = files.Open();
        var usage = Event(1);
        Allocations.WhenCompiled(() => Round(journal, usage)).ShouldBe(0);

        static void Round(UsageJournal journal, in UsageEvent usage)
        {
            journal.Append(usage);
            var open = journal.Begin(usage);
            journal.Checkpoint(open, 1, 2, 3, usage.Amounts);
            journal.End(open, usage);
        }
    }

    [Fact]
    public void Append_ManySmallSegments_AllThereInOrder()
    {
        using var files = new JournalFixture();
        files.Options.SegmentBytes = SmallSegment;
        using var journal = files.Open();
        for (var i = 0; i < 2000; i++)
            journal.Append(Event(i));
        journal.SealTotals();

        var records = ReadAll(journal, step: 7);

        records.Where(r => r.Kind == JournalRecordKind.Usage).Select(r => NumberOf(r.Usage)).ShouldBe(Enumerable.Range(0, 2000));
        records.Select(r => r.Offset).ShouldBe(records.Select(r => r.Offset).Order());
        files.Segments().Length.ShouldBeGreaterThan(60);
        SumOfTotals(records).ShouldBe(Recount(records));
        journal.Damaged.ShouldBe(0);
    }

    [Fact]
    public async Task Append_ManyThreadsWhileAReaderReads_AllThereOnceAndInOrder()
    {
        const int Threads = 6;
        const int Each = 3000;
        using var files = new JournalFixture();
        using var journal = files.Open();
        var writers = Enumerable.Range(0, Threads).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < Each; i++)
                journal.Append(Event(thread * Each + i, Number(thread), startSeconds: 1_800_000_000 + i));
        })).ToArray();
        List<JournalRecord> seen = [];
        long at = 0;
        while (writers.Any(w => !w.IsCompleted))
        {
            var batch = journal.Read(at, 500);
            seen.AddRange(batch.Records);
            at = batch.NextOffset;
        }
        await Task.WhenAll(writers);
        journal.SealTotals();
        seen.AddRange(ReadAll(journal, at));

        var events = seen.Where(r => r.Kind == JournalRecordKind.Usage).Select(r => NumberOf(r.Usage)).ToList();

        events.Count.ShouldBe(Threads * Each);
        for (var thread = 0; thread < Threads; thread++)
            events.Where(n => n / Each == thread).ShouldBe(Enumerable.Range(thread * Each, Each));
        SumOfTotals(seen).ShouldBe(Recount(seen), ignoreOrder: true);
        journal.Damaged.ShouldBe(0);
    }

    [Fact]
    public void Read_ManySubscriptions_EndsTheBatchAndLeavesOutNothing()
    {
        using var files = new JournalFixture();
        using var journal = files.Open();
        for (var i = 0; i < 60; i++)
            journal.Append(Event(i, Number(i % 20)));

        List<JournalRecord> seen = [];
        for (long at = 0; journal.Read(at, 100, maximumSubscriptions: 7) is var batch && batch.NextOffset != at; at = batch.NextOffset)
        {
            batch.Records.Select(r => r.Usage.SubscriptionId).Distinct().Count().ShouldBeInRange(1, 7);
            seen.AddRange(batch.Records);
        }

        seen.Select(r => NumberOf(r.Usage)).ShouldBe(Enumerable.Range(0, 60));
    }

    [Fact]
    public void Read_IntoABatchThatWasReadBefore_HoldsOnlyWhatIsNewAndAllocatesNothing()
    {
        using var files = new JournalFixture();
        using var journal = files.Open();
        var batch = new JournalBatch();
        for (var i = 0; i < 100; i++)
            journal.Append(Event(i));
        journal.Read(0, 100, into: batch).Records.Count.ShouldBe(100);
        var at = batch.NextOffset;
        for (var i = 100; i < 180; i++)
            journal.Append(Event(i));

        var before = GC.GetAllocatedBytesForCurrentThread();
        journal.Read(at, 80, into: batch);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        batch.Records.Select(r => NumberOf(r.Usage)).ShouldBe(Enumerable.Range(100, 80));
        batch.Records.Select(r => Encoding.UTF8.GetString(r.Usage.Path.Span)).ShouldBe(Enumerable.Range(100, 80).Select(i => $"/things/{i}"));
        allocated.ShouldBeLessThan(1000);
    }

    private static UsageEvent Full()
    {
        var usage = new UsageEvent
        {
            RequestId = Guid.Parse("019aa000-0000-7000-8000-000000000001"),
            StartMicros = 1_800_000_000_123_456,
            DurationMicros = 1,
            UpstreamMicros = -1,
            KeyId = Guid.Parse("019aa000-0000-7000-8000-000000000002"),
            SubscriptionId = Guid.Parse("019aa000-0000-7000-8000-000000000003"),
            PlanVersion = 4,
            PeriodStartSeconds = 1_799_000_000,
            OrganizationId = Guid.Parse("019aa000-0000-7000-8000-000000000005"),
            ProviderOrganizationId = Guid.Parse("019aa000-0000-7000-8000-000000000006"),
            ApiId = Guid.Parse("019aa000-0000-7000-8000-000000000007"),
            ApiVersion = 8,
            OperationId = Guid.Parse("019aa000-0000-7000-8000-000000000009"),
            Method = "DELETE"u8.ToArray(),
            Path = "/é/10"u8.ToArray(),
            Status = 429,
            Outcome = UsageOutcome.Refused,
            Reason = RefusalReason.SpendCap,
            Billable = true,
            BytesIn = long.MaxValue,
            BytesOut = 12,
            Country = 0x4445,
            ClientAddress = new UInt128(0x20010db800000000, 0x1122334455667788),
        };
        for (var i = 0; i < 4; i++)
            usage.Amounts[i] = new MeterAmount((byte)(i + 1), i * 1000L - 1);
        return usage;
    }

    private static void ShouldBeSame(UsageEvent actual, UsageEvent expected)
    {
        actual.Method.ToArray().ShouldBe(expected.Method.ToArray());
        actual.Path.ToArray().ShouldBe(expected.Path.ToArray());
        for (var i = 0; i < 4; i++)
            actual.Amounts[i].ShouldBe(expected.Amounts[i]);
        // Every other field by reflection, so that a new one cannot be forgotten.
        foreach (var field in typeof(UsageEvent).GetFields().Where(f => f.Name is not ("Method" or "Path" or "Amounts")))
            field.GetValue(actual).ShouldBe(field.GetValue(expected), field.Name);
    }
}
