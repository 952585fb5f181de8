using Tollgate.Metering.Journal;
using static Tollgate.Metering.Tests.Journal.JournalFixture;

namespace Tollgate.Metering.Tests.Journal;

public sealed class KillTests
{
    [Fact]
    public async Task Kill_UnderLoad_LosesNothingThatWasAcknowledged()
    {
        using var files = new JournalFixture();
        HashSet<int> events = [];
        HashSet<int> streams = [];
        for (var round = 0; round < 6; round++)
        {
            using var writer = JournalWriterProcess.Start(files.Path);
            var killAfter = 500 + 700 * round;
            for (var lines = 0; await writer.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line; lines++)
            {
                // What is still in the pipe was acknowledged too; so short a line is written whole or not at all.
                if (lines == killAfter)
                    writer.Kill();
                (line[0] == 'a' ? events : streams).Add(int.Parse(line.AsSpan(2)));
            }
            await writer.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        using var journal = files.Open();

        var records = ReadAll(journal);
        var appended = records.Where(r => r.Kind == JournalRecordKind.Usage).Select(r => NumberOf(r.Usage)).ToList();
        var ended = records.Where(r => r.Kind == JournalRecordKind.End).Select(r => NumberOf(r.Usage)).ToList();
        events.Count.ShouldBeGreaterThan(2000);
        streams.Count.ShouldBeGreaterThan(500);
        events.Except(appended).ShouldBeEmpty();
        streams.Except(ended).ShouldBeEmpty();
        appended.Distinct().Count().ShouldBe(appended.Count);
        ended.Distinct().Count().ShouldBe(ended.Count);
        records.ShouldContain(r => r.Kind == JournalRecordKind.End && r.Usage.Outcome == UsageOutcome.Interrupted);
        SumOfTotals(records).ShouldBe(Recount(records), ignoreOrder: true);
        journal.Damaged.ShouldBe(0);
    }
}
