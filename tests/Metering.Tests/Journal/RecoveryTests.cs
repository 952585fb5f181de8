using Tollgate.Metering.Journal;
using static Tollgate.Metering.Tests.Journal.JournalFixture;

namespace Tollgate.Metering.Tests.Journal;

public sealed class RecoveryTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Open_LastRecordTornAtAnyByte_KeepsAllBeforeIt(bool lengthMissing)
    {
        using var files = new JournalFixture();
        using var journal = files.Open();
        for (var i = 0; i < 3; i++)
            journal.Append(Event(i, billable: false));
        var last = ReadAll(journal)[2].Offset;
        var length = (int)(journal.Tail - last);
        for (var torn = 0; torn < length; torn++)
        {
            using var killed = files.Killed();
            var bytes = File.ReadAllBytes(killed.SegmentFile(0));
            var whole = bytes.ToArray();
            if (lengthMissing)
                bytes.AsSpan((int)last, 4).Clear();
            bytes.AsSpan((int)last + torn, length - torn).Clear();
            File.WriteAllBytes(killed.SegmentFile(0), bytes);

            using var recovered = killed.Open();

            // Zeros at its very end may be its own padding.
            var expected = bytes.AsSpan().SequenceEqual(whole) ? 3 : 2;
            ReadAll(recovered).Count.ShouldBe(expected, $"torn at {torn}");
            // Nothing of the torn record may stand where later ones, or a segment's unused end, will be.
            Contents(killed.SegmentFile(0)).AsSpan((int)recovered.Tail).ContainsAnyExcept((byte)0).ShouldBeFalse($"torn at {torn}");
            recovered.Append(Event(9));
            NumberOf(ReadAll(recovered)[^1].Usage).ShouldBe(9);
            recovered.Damaged.ShouldBe(0);
        }
    }

    [Fact]
    public void Open_DamagedRecordInTheMiddle_IsSkippedAndCounted()
    {
        using var files = new JournalFixture();
        using var journal = files.Open();
        for (var i = 0; i < 5; i++)
            journal.Append(Event(i, billable: false));
        var records = ReadAll(journal);
        foreach (var at in new[] { records[1].Offset, records[1].Offset + 4, records[1].Offset + 100 })
        {
            using var killed = files.Killed();
            Flip(killed.SegmentFile(0), at);

            using var recovered = killed.Open();

            ReadAll(recovered).Select(r => NumberOf(r.Usage)).ShouldBe([0, 2, 3, 4]);
            ReadAll(recovered);
            recovered.Damaged.ShouldBe(1);
            recovered.Append(Event(5));
            NumberOf(ReadAll(recovered)[^1].Usage).ShouldBe(5);
        }
    }

    [Fact]
    public void Read_RecordDamagedWhileOpen_IsSkippedAndCounted()
    {
        using var files = new JournalFixture();
        using var journal = files.Open();
        for (var i = 0; i < 5; i++)
            journal.Append(Event(i, billable: false));
        Flip(files.SegmentFile(0), ReadAll(journal)[4].Offset + 40);

        ReadAll(journal).Select(r => NumberOf(r.Usage)).ShouldBe([0, 1, 2, 3]);
        journal.Damaged.ShouldBe(1);
        journal.Append(Event(5));
        ReadAll(journal).Select(r => NumberOf(r.Usage)).ShouldBe([0, 1, 2, 3, 5]);
    }

    [Fact]
    public void Open_PageLostWithRecordsAfterIt_KeepsThose()
    {
        using var files = new JournalFixture();
        using var journal = files.Open();
        for (var i = 0; i < 100; i++)
            journal.Append(Event(i, billable: false));
        using var killed = files.Killed();
        var bytes = File.ReadAllBytes(killed.SegmentFile(0));
        bytes.AsSpan(8192, 4096).Clear();
        File.WriteAllBytes(killed.SegmentFile(0), bytes);

        using var recovered = killed.Open();

        var numbers = ReadAll(recovered).Select(r => NumberOf(r.Usage)).ToList();
        numbers.Count.ShouldBeInRange(80, 99);
        numbers[0].ShouldBe(0);
        numbers[^1].ShouldBe(99);
        recovered.Damaged.ShouldBe(1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Open_SegmentCopiedBeforeItWasClosedAndTheNextOneAfter_LosesNothing(bool streamIsOpenSince)
    {
        using var files = new JournalFixture();
        files.Options.SegmentBytes = SmallSegment;
        Guid id;
        using (var journal = files.Open())
        {
            id = journal.Id;
            if (streamIsOpenSince)
                journal.Begin(Event(1000));
            for (var i = 0; i < 100; i++)
                journal.Append(Event(i));
        }
        files.Segments().Length.ShouldBeGreaterThan(2);
        using (var segment = File.OpenWrite(files.SegmentFile(0)))
            segment.Write(Segment.NewHeader(id, 0, SmallSegment));

        using var reopened = files.Open();

        reopened.Head.ShouldBe(0);
        ReadAll(reopened).Where(r => r.Kind == JournalRecordKind.Usage).Select(r => NumberOf(r.Usage)).ShouldBe(Enumerable.Range(0, 100));
        reopened.SealTotals();
        SumOfTotals(ReadAll(reopened)).ShouldBe(Recount(ReadAll(reopened)), ignoreOrder: true);
    }

    [Fact]
    public void Open_AfterALossOfPower_NeverUsesAnOffsetAgain()
    {
        using var files = new JournalFixture();
        using var journal = files.Open();
        for (var i = 0; i < 20; i++)
            journal.Append(Event(i));
        using var killed = files.Killed();
        // The tail never reached the disk, and the machine has started anew.
        var shipped = journal.Tail;
        var bytes = File.ReadAllBytes(killed.SegmentFile(0));
        bytes.AsSpan(4096).Clear();
        File.WriteAllBytes(killed.SegmentFile(0), bytes);
        File.WriteAllText(Path.Combine(killed.Path, "journal.lock"), "running 00000000-0000-0000-0000-000000000000");

        using var recovered = killed.Open();

        recovered.Append(Event(99));
        var after = ReadAll(recovered, shipped);
        after.Single(r => r.Kind == JournalRecordKind.Usage).Offset.ShouldBeGreaterThan(shipped);
        var all = ReadAll(recovered);
        all.Count(r => r.Kind == JournalRecordKind.Usage).ShouldBeInRange(5, 20);
        SumOfTotals([.. all, .. Sealed(recovered)]).ShouldBe(Recount(all));
    }

    [Fact]
    public void Open_BeginWithoutEnd_IsClosedAsInterruptedWithItsLastAmounts()
    {
        using var files = new JournalFixture();
        files.Options.SegmentBytes = SmallSegment;
        using var journal = files.Open();
        var amounts = new MeterAmounts();
        amounts[0] = new MeterAmount(7, 4096);
        var plain = journal.Begin(Event(1) with { BytesOut = 11 });
        var checkpointed = journal.Begin(Event(2, billable: false));
        var ended = journal.Begin(Event(3));
        journal.Checkpoint(checkpointed, 1, 2, 3, default);
        // Their begins are in segments that are closed by now.
        for (var i = 10; i < 200; i++)
            journal.Append(Event(i));
        journal.Checkpoint(checkpointed, 10_000_000, 5, 4096, amounts);
        journal.End(ended, Event(3));
        using var killed = files.Killed();

        using (var recovered = killed.Open())
        {
            var records = ReadAll(recovered);

            var ends = records.Where(r => r.Kind == JournalRecordKind.End).ToDictionary(r => r.BeginOffset);
            ends.Count.ShouldBe(3);
            ends[ended.Offset].Usage.Outcome.ShouldBe(UsageOutcome.Served);
            var first = ends[plain.Offset].Usage;
            (first.Outcome, first.Billable, first.BytesOut).ShouldBe((UsageOutcome.Interrupted, true, 11L));
            var second = ends[checkpointed.Offset].Usage;
            (second.Outcome, second.Billable, second.BytesIn, second.BytesOut, second.DurationMicros).ShouldBe((UsageOutcome.Interrupted, false, 5L, 4096L, 10_000_000L));
            second.Amounts[0].ShouldBe(new MeterAmount(7, 4096));
            SumOfTotals(records).ShouldBe(Recount(records));
        }

        using var again = killed.Open();
        ReadAll(again).Count(r => r.Kind == JournalRecordKind.End).ShouldBe(3);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Totals_WhateverHappens_EqualARecount(int seed)
    {
        var random = new Random(seed);
        var files = new JournalFixture();
        files.Options.SegmentBytes = SmallSegment * random.Next(1, 3);
        files.Options.RetentionHours = 0;
        var journal = files.Open();
        List<OpenUsage> open = [];
        List<JournalRecord> seen = [];
        long at = 0;
        try
        {
            for (var i = 0; i < 3000; i++)
            {
                switch (random.Next(100))
                {
                    case < 60:
                        journal.Append(Some(i));
                        break;
                    case < 75 when open.Count < 5:
                        open.Add(journal.Begin(Some(i)));
                        break;
                    case < 80 when open.Count > 0:
                        journal.Checkpoint(open[random.Next(open.Count)], i, i, i, default);
                        break;
                    case < 92 when open.Count > 0:
                        var ending = random.Next(open.Count);
                        journal.End(open[ending], Some(i));
                        open.RemoveAt(ending);
                        break;
                    case 97:
                        journal.SealTotals();
                        break;
                    case 98:
                        var batch = journal.Read(at, random.Next(1, 300));
                        seen.AddRange(batch.Records);
                        at = batch.NextOffset;
                        journal.Release(at);
                        break;
                    case 99 when random.Next(3) == 0:
                        Restart(ref files, ref journal, killed: random.Next(4) > 0);
                        open.Clear();
                        break;
                }
            }
            Restart(ref files, ref journal, killed: false);
            seen.AddRange(ReadAll(journal, at));

            SumOfTotals(seen).ShouldBe(Recount(seen), ignoreOrder: true);
            EachTotalsRecordShouldCoverWhatEndedSinceTheOneBefore(seen);
            seen.Count(r => r.Kind == JournalRecordKind.Begin).ShouldBe(seen.Count(r => r.Kind == JournalRecordKind.End));
            journal.Damaged.ShouldBe(0);
        }
        finally
        {
            journal.Dispose();
            files.Dispose();
        }

        UsageEvent Some(int i) => Event(i, Number(random.Next(60)), random.Next(3) > 0, 1_800_000_000 + random.Next(20_000));
    }

    [Fact]
    public void Open_FolderInUse_IsRefused()
    {
        using var files = new JournalFixture();
        using (files.Open())
            Should.Throw<JournalInUseException>(files.Open).Message.ShouldContain("in use by another process");

        using var after = files.Open();
        after.Append(Event(1));
    }

    [Fact]
    public void Open_AgainInOrder_GoesOnWhereItWas()
    {
        using var files = new JournalFixture();
        Guid id;
        long tail;
        using (var journal = files.Open())
        {
            journal.Append(Event(1));
            journal.SealTotals();
            (id, tail) = (journal.Id, journal.Tail);
        }

        files.Options.SegmentBytes = 128 * 1024;
        using var again = files.Open();

        again.Id.ShouldBe(id);
        again.Tail.ShouldBe(tail);
        again.Append(Event(2));
        ReadAll(again, tail).ShouldHaveSingleItem().Offset.ShouldBe(tail);
    }

    [Fact]
    public void Open_NewerFormat_IsRefusedWithAClearMessage()
    {
        using var files = new JournalFixture();
        using (var journal = files.Open())
            journal.Append(Event(1));
        var id = Path.Combine(files.Path, "journal.id");
        var text = File.ReadAllText(id);
        File.WriteAllText(id, text.Replace(" 1 ", " 2 ", StringComparison.Ordinal));

        Should.Throw<JournalFormatException>(files.Open).Message.ShouldContain("has journal format 2; this program knows formats up to 1");

        File.WriteAllText(id, text);
        using var again = files.Open();
        ReadAll(again)[0].Usage.Status.ShouldBe((short)200);
    }

    [Fact]
    public unsafe void Open_RecordOfANewerFormat_IsRefused()
    {
        using var files = new JournalFixture();
        using (var journal = files.Open())
            journal.Append(Event(1));
        var bytes = File.ReadAllBytes(files.SegmentFile(0));
        fixed (byte* segment = bytes)
        {
            var record = segment + JournalFormat.SegmentHeaderBytes;
            record[JournalFormat.VersionAt] = 2;
            var length = *(int*)record;
            *(uint*)(record + JournalFormat.CrcAt) = JournalFormat.Seal(JournalFormat.Checksum(record, length), length, JournalFormat.SegmentHeaderBytes);
        }
        File.WriteAllBytes(files.SegmentFile(0), bytes);

        Should.Throw<JournalFormatException>(files.Open).Message.ShouldContain("knows formats up to 1");
    }

    [Fact]
    public void Read_BeyondTheTail_SaysThatTheFolderIsOlderThanTheDatabase()
    {
        using var files = new JournalFixture();
        using var journal = files.Open();

        Should.Throw<InvalidOperationException>(() => journal.Read(journal.Tail + 8, 10)).Message.ShouldContain("older than the database");
    }

    private static void Restart(ref JournalFixture files, ref UsageJournal journal, bool killed)
    {
        var next = files;
        if (killed)
        {
            next = files.Killed();
            next.Options.RetentionHours = 0;
        }
        journal.Dispose();
        if (killed)
            files.Dispose();
        files = next;
        journal = files.Open();
    }

    private static void EachTotalsRecordShouldCoverWhatEndedSinceTheOneBefore(List<JournalRecord> records)
    {
        List<JournalRecord> since = [];
        foreach (var record in records)
        {
            since.Add(record);
            if (record.Kind != JournalRecordKind.Totals)
                continue;
            SumOfTotals([record]).ShouldBe(Recount(since), ignoreOrder: true);
            since.Clear();
        }
        Recount(since).ShouldBeEmpty();
    }

    private static List<JournalRecord> Sealed(UsageJournal journal)
    {
        var before = journal.Tail;
        journal.SealTotals();
        return ReadAll(journal, before);
    }

    private static byte[] Contents(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static void Flip(string file, long at)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        stream.Position = at;
        var value = stream.ReadByte();
        stream.Position = at;
        stream.WriteByte((byte)(value ^ 0x55));
    }
}
