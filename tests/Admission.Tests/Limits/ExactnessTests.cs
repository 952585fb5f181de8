using Tollgate.Metering;
using Tollgate.Plans;

namespace Tollgate.Admission.Tests.Limits;

public sealed class ExactnessTests
{
    [Fact]
    public void Admit_TwoHundredAtOnceOnAHundredAMinute_AdmitsExactlyAHundred()
    {
        for (var round = 0; round < 50; round++)
            new Node(Node.Deny(100, Window.Minute)).Together(threads: 20, callsEach: 10).ShouldBe(100);
    }

    [Fact]
    public void Admit_SeveralWindowsAtOnce_AdmitsExactlyTheSmallest()
    {
        for (var round = 0; round < 20; round++)
        {
            var node = new Node(Node.Deny(500, Window.Minute), Node.Deny(300, Window.Hour), Node.Deny(1000, Window.Month), Node.Deny(400, Window.Second));
            node.Together(threads: 8, callsEach: 100).ShouldBe(300);
            Used(node, Meter.Requests).ShouldAllBe(used => used == 300);
        }
    }

    [Fact]
    public void Admit_SecondMeterRunsOut_TakesNothingOfTheFirst()
    {
        var node = new Node(Node.Deny(1000, Window.Month), Node.Deny(50, Window.Month, "turns"));
        var admitted = 0;
        Parallel.For(0, 400, _ =>
        {
            if (node.Call((Meter.Requests, 1), (Meter.Turns, 1)).Admitted)
                Interlocked.Increment(ref admitted);
        });
        admitted.ShouldBe(50);
        Used(node, Meter.Requests).ShouldBe([50]);
        Used(node, Meter.Turns).ShouldBe([50]);
    }

    [Fact]
    public void Admit_ManyThreadsAcrossRollOvers_EveryWindowIsFullAndNoneOverfull()
    {
        // The clock moves while calls are in flight, so admissions are counted by the window that the counter says, not by the caller's clock.
        const int windows = 300;
        const int limit = 40;
        var node = new Node(Node.Deny(limit, Window.Second), Node.Deny(1_000_000, Window.Month));
        var perWindow = new int[windows + 1];
        var current = 0;
        var admitted = 0;
        var threads = Enumerable.Range(0, 6).Select(_ => new Thread(() =>
        {
            while (Volatile.Read(ref current) < windows)
            {
                var decision = node.Call();
                if (!decision.Admitted)
                    continue;
                Interlocked.Increment(ref admitted);
                Interlocked.Increment(ref perWindow[(int)(decision.Stamps[0] - (uint)Node.Noon.ToUnixTimeSeconds())]);
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        for (var window = 0; window < windows; window++)
        {
            SpinWait.SpinUntil(() => Volatile.Read(ref perWindow[window]) >= limit, TimeSpan.FromSeconds(60)).ShouldBeTrue($"window {window} was never full: calls were lost");
            node.Clock.Advance(TimeSpan.FromSeconds(1));
            Volatile.Write(ref current, window + 1);
        }
        threads.ForEach(thread => thread.Join());

        perWindow.Take(windows).ShouldAllBe(count => count == limit);
        Used(node, Meter.Requests)[1].ShouldBe(admitted);
    }

    [Fact]
    public void Admit_ClockRunningFreelyUnderCalls_SumOverTheWindowsIsWhatWasAdmitted()
    {
        const int limit = 1000;
        var node = new Node(Node.Deny(limit, Window.Second), Node.Deny(10_000_000, Window.Day));
        var perWindow = new System.Collections.Concurrent.ConcurrentDictionary<uint, int>();
        var admitted = 0;
        Parallel.For(0, 8, worker =>
        {
            for (var call = 0; call < 20_000; call++)
            {
                var decision = node.Call();
                if (decision.Admitted)
                {
                    Interlocked.Increment(ref admitted);
                    perWindow.AddOrUpdate(decision.Stamps[0], 1, (_, count) => count + 1);
                }
                if (call % 500 == 0)
                    node.Clock.Advance(TimeSpan.FromSeconds(1));
            }
        });
        perWindow.Values.Sum().ShouldBe(admitted);
        Used(node, Meter.Requests)[1].ShouldBe(admitted);
    }

    internal static long[] Used(Node node, Meter meter) =>
        [.. Tollgate.Admission.Limits.LiveUsage.Of(node.State.Subscribers.Find(node.Entitlement.SubscriptionId)!.Value.Terms!.Value, node.Clock.Now.UtcTicks)
            .Where(item => item.Meter == meter.Code).Select(item => item.Used)];
}
