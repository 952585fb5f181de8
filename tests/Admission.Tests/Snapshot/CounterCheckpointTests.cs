using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Tollgate.Admission.Leases;
using Tollgate.Admission.Limits;
using Tollgate.Admission.Nodes;
using Tollgate.Admission.Snapshot;
using Tollgate.Metering;
using Tollgate.Plans;

namespace Tollgate.Admission.Tests.Snapshot;

/// <summary>Counters over a restart, from their checkpoint and the journal alone: no database is there.</summary>
public sealed class CounterCheckpointTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tollgate-counters-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Restore_KilledAfterACheckpoint_WhatTheJournalGotSinceIsCountedToo()
    {
        var node = new Node(Node.Deny(10, Window.Month), Node.Deny(100, Window.Day));
        using (var run = new Run(node, _folder, started: false))
        {
            run.Serve(3);
            run.Checkpoint.Write();
            run.Serve(4);
        }
        using var next = new Run(Again(node), _folder);
        next.Restored.ShouldBeTrue();
        next.Admitted(20).ShouldBe(3);
    }

    [Fact]
    public void Restore_CallsInFlightAtTheKill_AreTheStatedWorstCase()
    {
        var node = new Node(Node.Deny(10, Window.Month));
        using (var run = new Run(node, _folder, started: false))
        {
            run.Serve(2);
            // Taken, and never in the journal.
            node.Call().Admitted.ShouldBeTrue();
            run.Checkpoint.Write();
        }
        using var next = new Run(Again(node), _folder);
        next.Admitted(20).ShouldBe(8);
    }

    [Fact]
    public void Restore_RefusedAndGivenBackCalls_CostNothing()
    {
        var node = new Node(Node.Deny(10, Window.Month));
        using (var run = new Run(node, _folder, started: false))
        {
            run.Serve(4);
            run.Append(node.Call(), billable: false);
            run.Checkpoint.Write();
            run.Append(node.Call(), billable: false);
        }
        using var next = new Run(Again(node), _folder);
        next.Admitted(20).ShouldBe(6);
    }

    [Theory]
    [InlineData(Window.Second, 1)]
    [InlineData(Window.Minute, 60)]
    [InlineData(Window.Hour, 3600)]
    public void Restore_WindowStillRuns_ItsCountStandsAndEndsWithIt(Window window, int seconds)
    {
        var node = new Node(Node.Deny(5, window), Node.Deny(1000, Window.Month));
        using (var run = new Run(node, _folder, started: false))
        {
            run.Serve(3);
            run.Checkpoint.Write();
            run.Serve(1);
        }
        using var next = new Run(Again(node), _folder);
        next.Admitted(20).ShouldBe(1);
        next.Node.Clock.Advance(TimeSpan.FromSeconds(seconds));
        next.Admitted(20).ShouldBe(5);
    }

    [Fact]
    public void Restore_WindowEndedWhileTheNodeWasAway_TheLongerOneGoesOn()
    {
        var node = new Node(Node.Deny(5, Window.Minute), Node.Deny(12, Window.Day));
        using (var run = new Run(node, _folder, started: false))
        {
            run.Serve(5);
            run.Checkpoint.Write();
        }
        var again = Again(node);
        again.Clock.Advance(TimeSpan.FromMinutes(2));
        using var next = new Run(again, _folder);
        next.Admitted(20).ShouldBe(5);
        next.Node.Clock.Advance(TimeSpan.FromMinutes(1));
        next.Admitted(20).ShouldBe(2);
    }

    [Fact]
    public void Restore_CallThatEndsInALaterWindow_CountsInTheOneOfItsStart()
    {
        var node = new Node(Node.Deny(5, Window.Minute), Node.Deny(100, Window.Day));
        using (var run = new Run(node, _folder, started: false))
        {
            var slow = node.Call();
            var start = node.Clock.Now;
            node.Clock.Advance(TimeSpan.FromMinutes(1));
            run.Serve(2);
            run.Append(slow, start: start);
        }
        using var next = new Run(Again(node), _folder);
        next.Admitted(20).ShouldBe(3);
        next.Node.Clock.Advance(TimeSpan.FromMinutes(1));
        LiveDay(next).ShouldBe(6);
    }

    [Fact]
    public void Restore_ManyCheckpointsAndRestarts_NothingIsForgottenOrCountedTwice()
    {
        var node = new Node(Node.Deny(100, Window.Month));
        for (var restart = 0; restart < 5; restart++)
        {
            using var run = new Run(node, _folder, started: restart > 0);
            for (var round = 0; round < 3; round++)
            {
                run.Serve(2);
                run.Checkpoint.Write();
                run.Serve(3);
            }
            node = Again(node);
        }
        using var next = new Run(node, _folder);
        next.Admitted(200).ShouldBe(100 - 5 * 3 * 5);
    }

    [Fact]
    public void Restore_BytesThatWereSettled_AreCounted()
    {
        var node = new Node(Node.Deny(1000, Window.Month, "bytes.out"), Node.Deny(100, Window.Month));
        using (var run = new Run(node, _folder, started: false))
            run.Append(node.Call(), bytesOut: 1200);
        using var next = new Run(Again(node), _folder);
        next.Restored.ShouldBeTrue();
        Used(next).ShouldBe([(Meter.BytesOut.Code, 1200), (Meter.Requests.Code, 1)]);
        next.Node.Call().Verdict.ShouldBe(AdmissionVerdict.RateLimited);
    }

    [Theory]
    [InlineData(Window.Hour, 1L << 42)]
    [InlineData(Window.Month, 1L << 46)]
    [InlineData(Window.Month, long.MaxValue)]
    public void Restore_MoreWasReportedThanAWordTells_StaysUsedUp(Window window, long used)
    {
        var node = new Node(Node.Deny(5, window, "x.acme.m128") with { MeterCode = 128 });
        using (var run = new Run(node, _folder, started: false))
            run.Report(used);
        using var next = new Run(Again(node), _folder);
        next.Restored.ShouldBeTrue();
        next.Node.Call().Admitted.ShouldBeFalse();
    }

    [Fact]
    public void Restore_WithRedis_HasWhatOthersReportedAndNoCalls()
    {
        var node = new Node(new SharedLimits(TimeProvider.System), Node.Deny(5, Window.Month, "x.acme.m128") with { MeterCode = 128 }, new Allowance("actions", 5, Window.Month, PastAllowance.Charge, 1));
        using (var run = new Run(node, _folder, started: false))
        {
            run.Append(node.Call((Meter.Actions, 1)));
            run.Report(5);
            run.Checkpoint.Write();
        }
        using var next = new Run(Again(node), _folder);
        next.Restored.ShouldBeTrue();
        next.Node.Call().Admitted.ShouldBeFalse();
        Used(next).ShouldBe([(128, 5), (Meter.Actions.Code, 0)]);
    }

    [Fact]
    public void Restore_AfterATimeInWhichRedisCounted_BelievesNothingOfBefore()
    {
        var shared = new SharedLimits(TimeProvider.System);
        var node = new Node(Node.Deny(10, Window.Month), Node.Deny(5, Window.Month, "x.acme.m128") with { MeterCode = 128 });
        using (var run = new Run(node, _folder, started: false))
            run.Serve(3);
        using (var run = new Run(Again(node, shared), _folder))
        {
            run.Restored.ShouldBeFalse();
            run.Checkpoint.Begin();
            run.Report(5);
        }
        using (var run = new Run(Again(node), _folder))
        {
            run.Restored.ShouldBeFalse();
            run.Checkpoint.Begin();
        }
        using (var run = new Run(Again(node, shared), _folder))
            run.Restored.ShouldBeFalse();
    }

    [Fact]
    public void Restore_FileIsTornOrOfAnotherJournal_SaysSo()
    {
        var node = new Node(Node.Deny(10, Window.Month));
        using (var run = new Run(node, _folder, started: false))
            run.Serve(3);
        var file = Path.Combine(_folder, "admission", "counters");
        var whole = File.ReadAllBytes(file);

        File.WriteAllBytes(file, whole[..^1]);
        using (var run = new Run(Again(node), _folder))
        {
            run.Restored.ShouldBeFalse();
            File.Exists(file).ShouldBeFalse();
        }
        File.WriteAllBytes(file, whole);
        Directory.Delete(Path.Combine(_folder, "journal"), recursive: true);
        using (var run = new Run(Again(node), _folder))
            run.Restored.ShouldBeFalse();
    }

    private static IEnumerable<(byte Meter, long Used)> Used(Run run) =>
        LiveUsage.Of(run.Node.State.Subscribers.Find(run.Node.Entitlement.SubscriptionId)!.Value.Terms!.Value, run.Node.Clock.Now.UtcTicks).Select(used => (used.Meter, used.Used));

    private static long LiveDay(Run run) =>
        LiveUsage.Of(run.Node.State.Subscribers.Find(run.Node.Entitlement.SubscriptionId)!.Value.Terms!.Value, run.Node.Clock.Now.UtcTicks).Single(used => used.Window == Window.Day).Used;

    // The same subscription and key in the memory of a new process.
    private static Node Again(Node before, SharedLimits? shared = null)
    {
        var node = new Node(shared ?? before.State.Shared);
        node.Apply(before.Entitlement);
        node.Clock.Now = before.Clock.Now;
        node.UseKeyOf(before);
        return node;
    }

    /// <summary>One life of a process on the folder. Its end is a kill: nothing is written that was not asked for.</summary>
    private sealed class Run : IDisposable
    {
        private readonly ServiceProvider _services;
        private readonly CounterFile _file;
        private readonly IUsageJournal _journal;

        public Run(Node node, string folder, bool started = true)
        {
            Node = node;
            var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("Data:Directory", folder), new("Journal:SegmentBytes", "65536")]).Build();
            _services = new ServiceCollection().AddLogging().AddSingleton<IConfiguration>(configuration).AddSingleton<TimeProvider>(node.Clock)
                .AddMetering(configuration).BuildServiceProvider();
            _journal = _services.GetRequiredService<IUsageJournal>();
            _file = new CounterFile(new NodeOptions(true, 1, node.State.Shared is not null, Path.Combine(folder, "admission")), NullLogger<CounterFile>.Instance);
            Checkpoint = new CounterCheckpoint(node.State, _services.GetRequiredService<IJournalReplay>(), _file, NullLogger<CounterCheckpoint>.Instance);
            if (started)
                Restored = Checkpoint.Restore();
            else
                Checkpoint.Begin();
        }

        public Node Node { get; }

        public CounterCheckpoint Checkpoint { get; }

        public bool Restored { get; }

        public int Admitted(int calls) => Enumerable.Range(0, calls).Count(_ => Node.Call().Admitted);

        public void Serve(int calls)
        {
            for (var call = 0; call < calls; call++)
                Append(Node.Call());
        }

        /// <summary>What was used of the meter that others report, in the window that runs.</summary>
        public void Report(long used)
        {
            var terms = Node.State.Subscribers.Find(Node.Entitlement.SubscriptionId)!.Value.Terms!.Value;
            var term = terms.Allowances.Single(one => one.Meter == Meter.FirstDeclaredCode);
            Checkpoint.Reported([(terms, term, terms.FrameAt(term, Node.Clock.Now.UtcTicks).Ordinal, used)]);
        }

        public void Append(in AdmissionDecision decision, bool billable = true, DateTimeOffset? start = null, long bytesOut = 0)
        {
            decision.Admitted.ShouldBeTrue();
            var amounts = decision.Amounts;
            if (bytesOut > 0)
                amounts[3] = new MeterAmount(Meter.BytesOut.Code, bytesOut);
            _journal.Append(new UsageEvent
            {
                StartMicros = ((start ?? Node.Clock.Now) - DateTimeOffset.UnixEpoch).Ticks / 10,
                SubscriptionId = decision.SubscriptionId,
                Outcome = billable ? UsageOutcome.Served : UsageOutcome.UpstreamFailed,
                Billable = billable,
                Amounts = amounts,
            });
            if (!billable)
                Node.Admission.GiveBack(decision);
        }

        public void Dispose()
        {
            _file.Dispose();
            _services.Dispose();
        }
    }
}
