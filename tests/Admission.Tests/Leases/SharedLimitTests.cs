using Microsoft.Extensions.DependencyInjection;
using Tollgate.Admission.Leases;
using Tollgate.Foundation;
using Tollgate.Plans;

namespace Tollgate.Admission.Tests.Leases;

public sealed class SharedLimitTests : IAsyncLifetime
{
    private SharedNodes _nodes = null!;

    public async ValueTask InitializeAsync() => _nodes = await SharedNodes.StartAsync();

    public ValueTask DisposeAsync() => _nodes.DisposeAsync();

    [Fact]
    public async Task Admit_QuotaOnThreeNodesUnderLoad_IsExactlyTheLimit()
    {
        foreach (var limit in (int[])[1, 7, 500, 20_000])
        {
            var buyer = await _nodes.SubscribeAsync(Node.Deny(limit, Window.Month));
            var tally = await _nodes.LoadAsync(buyer, (_, last) => last.Verdict != AdmissionVerdict.RateLimited);
            tally.Admitted.ShouldBe(limit);
        }
    }

    [Fact]
    public async Task Admit_SeveralWindowsOnThreeNodes_AreExactlyTheSmallest()
    {
        var buyer = await _nodes.SubscribeAsync(Node.Deny(10_000, Window.Month), Node.Deny(3_000, Window.Week), Node.Deny(5_000, Window.BillingPeriod));
        var tally = await _nodes.LoadAsync(buyer, (_, last) => last.Verdict != AdmissionVerdict.RateLimited);
        tally.Admitted.ShouldBe(3_000);
    }

    [Fact]
    public async Task Admit_RateOnThreeNodesUnderLoad_IsNeverPassedInAnySecond()
    {
        var buyer = await _nodes.SubscribeAsync(Node.Deny(200, Window.Second), Node.Deny(1_000_000, Window.Month));
        var tally = await _nodes.LoadAsync(buyer, (all, _) => all.Windows.Count < 5);
        tally.Windows.Values.ShouldAllBe(count => count <= 200);
    }

    [Fact]
    public async Task Admit_HotKeyWithMuchLeft_AsksRedisOnceForAHundredCallsAtMost()
    {
        const int limit = 100_000;
        var buyer = await _nodes.SubscribeAsync(Node.Deny(limit, Window.Month));
        var before = await _nodes.Redis.ScriptCallsAsync();
        var tally = await _nodes.LoadAsync(buyer, (all, _) => all.Admitted < limit * 9 / 10);
        var asked = await _nodes.Redis.ScriptCallsAsync() - before;
        TestContext.Current.SendDiagnosticMessage("{0} calls, {1} round trips", tally.Admitted, asked);
        asked.ShouldBeLessThanOrEqualTo(tally.Admitted / 100);
    }

    [Fact]
    public async Task Admit_PartThatANodeDoesNotUse_GoesToTheOthers()
    {
        const int limit = 2_000;
        var buyer = await _nodes.SubscribeAsync(Node.Deny(limit, Window.Month));
        var admitted = 0;
        while (admitted < 300)
            if ((await SharedNodes.CallAsync(_nodes.Nodes[0], buyer)).Admitted)
                admitted++;
        // The first node makes no more calls; the second takes all the rest.
        var until = TimeProvider.System.GetUtcNow().AddSeconds(60);
        while (admitted < limit && TimeProvider.System.GetUtcNow() < until)
            if ((await SharedNodes.CallAsync(_nodes.Nodes[1], buyer)).Admitted)
                admitted++;
            else
                await Task.Delay(20);
        admitted.ShouldBe(limit);
        (await SharedNodes.CallAsync(_nodes.Nodes[2], buyer)).Verdict.ShouldBe(AdmissionVerdict.RateLimited);
    }

    [Fact]
    public async Task Admit_WhileALeaseIsGivenBack_IsNotRefused()
    {
        const int limit = 7;
        var buyer = await _nodes.SubscribeAsync(Node.Deny(limit, Window.Month));
        var node = _nodes.Nodes[0];
        // One call takes all that there is, so little that the node does not ask ahead: that question would freeze, too, and this one would wait for its end.
        var all = await SharedNodes.CallAsync(node, buyer, limit);
        all.Admitted.ShouldBeTrue();
        await _nodes.Redis.FreezeAsync();
        // It is in hand only now: the node cannot have given it back by itself before.
        node.Services.GetRequiredService<IAdmission>().GiveBack(all);
        node.Leases(buyer.Subscription).GiveUp();
        await AdmissionServer.UntilAsync(() => node.InHand(buyer.Subscription) == 0, "it is being given back");
        SharedNodes.Admit(node.Services.GetRequiredService<IAdmission>(), buyer).Verdict.ShouldBe(AdmissionVerdict.Undecided);
        await _nodes.Redis.ThawAsync();
        (await _nodes.LoadAsync(buyer, (_, last) => last.Verdict != AdmissionVerdict.RateLimited)).Admitted.ShouldBe(limit);
    }

    /// <summary>Its answer was lost with the server; the counter that comes back is of before, the record of the grant is not.</summary>
    [Fact]
    public async Task Rebuild_WhatANodeWasGrantedAndNeverHeardOf_IsNotTakenOffTheCounter()
    {
        const int limit = 100;
        var buyer = await _nodes.SubscribeAsync(Node.Deny(limit, Window.Month));
        // So few that it does not ask for more at once, which would tell it of what the other is granted.
        (await SharedNodes.CallAsync(_nodes.Nodes[0], buyer, 5)).Admitted.ShouldBeTrue();
        var other = _nodes.Nodes[1];
        var (store, epoch) = (other.Services.GetRequiredService<LeaseStore>(), other.Services.GetRequiredService<SharedEpoch>());
        var leases = other.Leases(buyer.Subscription);
        var answer = await store.AskAsync(epoch.Current!, epoch.Life, leases, leases.Prepare(other.State().Shared!.Clock.Now, need: 20, givesUp: false));
        answer.Windows.ShouldHaveSingleItem().Grant.ShouldBe(20);

        await store.BeginAgainAsync();
        (await _nodes.LoadAsync(buyer, (_, last) => last.Verdict != AdmissionVerdict.RateLimited)).Admitted.ShouldBe(limit - 5);
    }

    /// <summary>Redis counts the grant and has told another node so; who it is for has not heard of it, and does not know what Redis counts. Of the two ways to be wrong the safe one is taken.</summary>
    [Fact]
    public async Task Rebuild_AnswerThatIsLostWithTheMemory_CostsWhatItGranted()
    {
        const int limit = 100, lost = 20;
        var buyer = await _nodes.SubscribeAsync(Node.Deny(limit, Window.Month));
        var other = _nodes.Nodes[1];
        (await SharedNodes.CallAsync(other, buyer, 5)).Admitted.ShouldBeTrue();
        var leases = other.Leases(buyer.Subscription);
        var answer = await other.Services.GetRequiredService<LeaseStore>().AskAsync(other.Epoch()!, other.Services.GetRequiredService<SharedEpoch>().Life, leases,
            leases.Prepare(other.State().Shared!.Clock.Now, need: lost, givesUp: false));
        answer.Windows.ShouldHaveSingleItem().Grant.ShouldBe(lost);
        (await SharedNodes.CallAsync(_nodes.Nodes[0], buyer, 5)).Admitted.ShouldBeTrue();

        await other.Services.GetRequiredService<LeaseStore>().BeginAgainAsync();
        (await _nodes.LoadAsync(buyer, (_, last) => last.Verdict != AdmissionVerdict.RateLimited)).Admitted.ShouldBeInRange(limit - 10 - lost, limit - 10);
    }

    /// <summary>The node spends it no more, and Redis has died before it was told: what others know of the counter has it still.</summary>
    [Fact]
    public async Task Rebuild_WhatIsBeingGivenBackWhenTheMemoryIsLost_CostsNoMore()
    {
        const int limit = 100, back = 7;
        var buyer = await _nodes.SubscribeAsync(Node.Deny(limit, Window.Month));
        var node = _nodes.Nodes[0];
        // One call takes several; eight or more and the node would ask for another one ahead, and hold that too or not, as it comes.
        var several = await SharedNodes.CallAsync(node, buyer, back);
        several.Admitted.ShouldBeTrue();
        (await SharedNodes.CallAsync(_nodes.Nodes[1], buyer)).Admitted.ShouldBeTrue();
        await _nodes.Redis.FreezeAsync();
        // Only from here on is it in hand: before, the node could have given it back by itself, and been answered.
        node.Services.GetRequiredService<IAdmission>().GiveBack(several);
        node.Leases(buyer.Subscription).GiveUp();
        await AdmissionServer.UntilAsync(() => node.InHand(buyer.Subscription) == 0, "it is being given back");
        await _nodes.Redis.KillAsync();
        await _nodes.Redis.StartAgainAsync();
        (await _nodes.LoadAsync(buyer, (_, last) => last.Verdict != AdmissionVerdict.RateLimited)).Admitted.ShouldBeInRange(limit - 1 - back, limit - 1);
    }

    /// <summary>A server was told what nodes hold, then they went on elsewhere: what it was told is old, though it is all that it knows.</summary>
    [Fact]
    public async Task Epoch_ThoughtOfBeforeNodesWentOnWithAnother_IsOver()
    {
        var database = _nodes.Host.Server.Services.GetRequiredService<IDatabase>();
        Task<bool> EnterAsync(string epoch) => database.AsWorkerAsync(session => EpochRegister.TryEnterAsync(session, epoch), CancellationToken.None);
        Task<string> NextAsync() => database.AsWorkerAsync(EpochRegister.NextAsync, CancellationToken.None);
        var first = await NextAsync();
        var second = await NextAsync();
        (await EnterAsync(first)).ShouldBeTrue();
        (await EnterAsync(first)).ShouldBeTrue();
        // Later than the first, but a node began with the first after it.
        (await EnterAsync(second)).ShouldBeFalse();
        var third = await NextAsync();
        (await EnterAsync(third)).ShouldBeTrue();
        (await EnterAsync(first)).ShouldBeFalse();
    }

    /// <summary>As after a failover of PostgreSQL to a machine whose clock is behind.</summary>
    [Fact]
    public async Task Epochs_WhereTheClockWasSetBack_AreInOrderAllTheSame()
    {
        var database = _nodes.Host.Server.Services.GetRequiredService<IDatabase>();
        Task<T> AsWorkerAsync<T>(Func<DbSession, Task<T>> work) => database.AsWorkerAsync(work, CancellationToken.None);
        var first = await AsWorkerAsync(EpochRegister.NextAsync);
        (await AsWorkerAsync(session => EpochRegister.TryEnterAsync(session, first))).ShouldBeTrue();
        await AsWorkerAsync(session => session.ExecuteAsync("UPDATE admission.shared_epoch SET entered_at = entered_at + interval '1 hour', thought_at = thought_at + interval '1 hour'"));
        var (second, third) = (await AsWorkerAsync(EpochRegister.NextAsync), await AsWorkerAsync(EpochRegister.NextAsync));
        third[..12].ShouldNotBe(second[..12], "the records of two epochs would be taken for those of one");
        (await AsWorkerAsync(session => EpochRegister.TryEnterAsync(session, first))).ShouldBeTrue();
        (await AsWorkerAsync(session => EpochRegister.TryEnterAsync(session, third))).ShouldBeFalse("a node went on with another after it was thought of");
        var fourth = await AsWorkerAsync(EpochRegister.NextAsync);
        (await AsWorkerAsync(session => EpochRegister.TryEnterAsync(session, fourth))).ShouldBeTrue();
    }

    [Fact]
    public async Task Admit_NodeThatStops_LeavesNothingBehind()
    {
        const int limit = 2_000;
        var buyer = await _nodes.SubscribeAsync(Node.Deny(limit, Window.Month));
        var admitted = 0;
        while (admitted < 300)
            if ((await SharedNodes.CallAsync(_nodes.Nodes[2], buyer)).Admitted)
                admitted++;
        await _nodes.StopAsync(2);
        var tally = await _nodes.LoadAsync(buyer, (_, last) => last.Verdict != AdmissionVerdict.RateLimited);
        (admitted + tally.Admitted).ShouldBe(limit);
    }

    [Fact]
    public async Task Admit_LimitOverAllConsumersOnThreeNodes_IsExact()
    {
        var buyer = await _nodes.SubscribeAsync(Node.Deny(1_000_000, Window.Month));
        await using (var command = _nodes.Host.Database.OwnerOrSuperuser.CreateCommand("""
            INSERT INTO admission.product_limit VALUES ($1, $1, '[{"window": "hour", "amount": 3000}]', $1, now())
            """))
        {
            command.Parameters.Add(new() { Value = buyer.Product });
            await command.ExecuteNonQueryAsync();
        }
        foreach (var node in _nodes.Nodes)
            await AdmissionServer.UntilAsync(() => node.State().Products.Find(buyer.Product)?.Terms is not null, "the limit is in force");
        var tally = await _nodes.LoadAsync(buyer, (_, last) => last.Verdict != AdmissionVerdict.RateLimited);
        tally.Admitted.ShouldBe(3_000);
    }

    [Fact]
    public async Task Admit_LimitLoweredInTheWindow_IsNotPassed()
    {
        var buyer = await _nodes.SubscribeAsync(Node.Deny(5_000, Window.Month));
        var before = await _nodes.LoadAsync(buyer, (all, _) => all.Admitted < 500);
        await using (var command = _nodes.Host.Database.OwnerOrSuperuser.CreateCommand("""
            UPDATE plans.entitlement_snapshot SET allowances = replace(allowances::text, '5000', '1000')::jsonb WHERE subscription_id = $1
            """))
        {
            command.Parameters.Add(new() { Value = buyer.Subscription });
            await command.ExecuteNonQueryAsync();
        }
        foreach (var node in _nodes.Nodes)
            await AdmissionServer.UntilAsync(() => node.State().Subscribers.Find(buyer.Subscription)!.Value.Terms!.Value.Allowances[0].Limit == 1_000, "the lower limit is in force");
        // Leases that were given under the higher limit come back within two seconds.
        foreach (var node in _nodes.Nodes)
            await AdmissionServer.UntilAsync(() => node.InHand(buyer.Subscription) == 0, "the leases are back");
        var after = await _nodes.LoadAsync(buyer, (_, last) => last.Verdict != AdmissionVerdict.RateLimited);
        (before.Admitted + after.Admitted).ShouldBe(Math.Max(1_000, before.Admitted));
    }
}
