using Microsoft.Extensions.DependencyInjection;
using Tollgate.Admission.Leases;
using Tollgate.Plans;
using Tollgate.TestKit;

namespace Tollgate.Admission.Tests.Leases;

/// <summary>Calls in flight at once on three nodes: whoever joins, leaves, dies or is cut off, never more than the limit; and as many when they are wanted.</summary>
public sealed class InFlightTests : IAsyncLifetime
{
    // Short, but a busy machine starts Redis again and tells it anew in what is left between two renewals and the end.
    private static readonly SlotOptions Short = new(TimeSpan.FromSeconds(12), TimeSpan.FromSeconds(3));
    private readonly InFlightCalls _calls = new();
    private SharedNodes _nodes = null!;

    public async ValueTask InitializeAsync()
    {
        _nodes = await SharedNodes.StartAsync(slots: Short);
        await AdmissionServer.UntilAsync(() => _nodes.Nodes.All(node => node.Services.GetRequiredService<SharedEpoch>().Current is not null), "all work with one Redis");
        // It has been running for long: it remembers all that was given.
        await _nodes.Redis.TextAsync("SET", "tollgate:slots-since", $"{await _nodes.Redis.TextAsync("GET", "tollgate:epoch")} 1");
    }

    public ValueTask DisposeAsync() => _nodes.DisposeAsync();

    [Fact]
    public async Task ThreeNodesUnderLoad_NeverPassTheLimit_AndOneJoinsAndOneLeaves()
    {
        var buyer = await BuyerAsync(7);
        using var stop = new CancellationTokenSource();
        using var leaves = new CancellationTokenSource();
        var load = _nodes.Nodes.Take(2).Select(node => _calls.LoadAsync(node, buyer, 4, stop.Token)).ToList();
        var leaving = _calls.LoadAsync(_nodes.Nodes[2], buyer, 4, leaves.Token);
        await AdmissionServer.UntilAsync(() => _calls.Ended > 300, "calls come and go");
        load.Add(_calls.LoadAsync(await _nodes.AddAsync(_nodes.Host.NewFolder()), buyer, 4, stop.Token));
        var joined = _calls.Ended;
        await AdmissionServer.UntilAsync(() => _calls.Ended > joined + 300, "calls come and go with a fourth node");
        await leaves.CancelAsync();
        await leaving;
        await _nodes.StopAsync(2);
        var left = _calls.Ended;
        await AdmissionServer.UntilAsync(() => _calls.Ended > left + 300, "calls come and go without the third");
        await stop.CancelAsync();
        await Task.WhenAll(load);
        _calls.Most.ShouldBe(7);
        _calls.Refused.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task PlacesThatANodeHoldsIdle_GoToWhoeverWantsThem()
    {
        var buyer = await BuyerAsync(3);
        foreach (var node in _nodes.Nodes)
        {
            for (var i = 0; i < 3; i++)
                await BeganAsync(node, buyer);
            (await _calls.BeginAsync(node, buyer)).ShouldBe(AdmissionVerdict.RateLimited);
            while (_calls.EndOne())
            {
            }
        }
        _calls.Most.ShouldBe(3);
    }

    [Fact]
    public async Task HotSubscription_AsksRedisOnceForAHundredCallsAtMost()
    {
        var buyer = await BuyerAsync(1_000);
        await BeganAsync(_nodes.Nodes[0], buyer);
        var before = await _nodes.Redis.ScriptCallsAsync();
        for (var i = 0; i < 20_000; i++)
        {
            await BeganAsync(_nodes.Nodes[0], buyer);
            _calls.EndOne();
        }
        (await _nodes.Redis.ScriptCallsAsync() - before).ShouldBeLessThanOrEqualTo(200);
    }

    [Fact]
    public async Task NodeThatDies_ItsPlacesComeBack_WhenItsLeaseIsOver()
    {
        var buyer = await BuyerAsync(4);
        for (var i = 0; i < 3; i++)
            await BeganAsync(_nodes.Nodes[2], buyer);
        await BeganAsync(_nodes.Nodes[0], buyer);
        (await _calls.BeginAsync(_nodes.Nodes[0], buyer)).ShouldBe(AdmissionVerdict.RateLimited);
        var dead = _nodes.Nodes[2].Services.GetRequiredService<IAdmission>();
        await _nodes.LoseAsync(2);
        _calls.Forget(dead);
        (await _calls.BeginAsync(_nodes.Nodes[1], buyer)).ShouldBe(AdmissionVerdict.RateLimited);
        for (var i = 0; i < 3; i++)
            await BeganAsync(_nodes.Nodes[1], buyer);
        (await _calls.BeginAsync(_nodes.Nodes[1], buyer)).ShouldBe(AdmissionVerdict.RateLimited);
        _calls.Most.ShouldBe(4);
    }

    [Fact]
    public async Task RedisAway_WhatANodeHoldsIsServed_CallsEndBeforeItsLease_AndNothingIsUnlimited()
    {
        var buyer = await BuyerAsync(5);
        await BeganAsync(_nodes.Nodes[0], buyer);
        await BeganAsync(_nodes.Nodes[1], buyer);
        await _nodes.Redis.FreezeAsync();
        // It has one place, and that is taken.
        (await _calls.BeginAsync(_nodes.Nodes[0], buyer)).ShouldBe(AdmissionVerdict.Undecided);
        _calls.InFlight.ShouldBe(2);
        await AdmissionServer.UntilAsync(() => Ended() == 2, "calls whose lease cannot be renewed are ended");
        (await _calls.BeginAsync(_nodes.Nodes[0], buyer)).ShouldBe(AdmissionVerdict.Undecided);
        await _nodes.Redis.ThawAsync();
        for (var i = 0; i < 5; i++)
            await BeganAsync(_nodes.Nodes[2], buyer);
        _calls.Most.ShouldBe(5);
        (await _calls.BeginAsync(_nodes.Nodes[0], buyer)).ShouldBe(AdmissionVerdict.RateLimited);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task RedisForgets_CallsThatRunAreCounted(bool killed)
    {
        var buyer = await BuyerAsync(5);
        foreach (var node in _nodes.Nodes)
            await BeganAsync(node, buyer);
        if (killed)
        {
            await _nodes.Redis.KillAsync();
            await _nodes.Redis.StartAgainAsync();
        }
        else
            await _nodes.Redis.FlushAsync();
        using var stop = new CancellationTokenSource();
        var load = _nodes.Nodes.Select(node => FillAsync(node, buyer, stop.Token)).ToList();
        await AdmissionServer.UntilAsync(() => _calls.InFlight == 5, "all places can be used again");
        var refused = _calls.Refused;
        await AdmissionServer.UntilAsync(() => _calls.Refused > refused + 20, "all are asked again");
        await stop.CancelAsync();
        await Task.WhenAll(load);
        (_calls.Most, _calls.Ended).ShouldBe((5, 0));
    }

    private Task<Buyer> BuyerAsync(int concurrency) => _nodes.SubscribeAsync(concurrency, [Node.Deny(10_000_000, Window.Month)]);

    private int Ended()
    {
        _calls.EndWhatMayNotGoOn();
        return _calls.Ended;
    }

    private async Task BeganAsync(TestServer node, Buyer buyer)
    {
        var deadline = TimeProvider.System.GetUtcNow().AddSeconds(60);
        while (await _calls.BeginAsync(node, buyer) != AdmissionVerdict.Admitted)
        {
            (TimeProvider.System.GetUtcNow() < deadline).ShouldBeTrue($"no place is given; {node.State().Subscribers.Find(buyer.Subscription)!.Value.InFlight} in flight of {node.State().Subscribers.Find(buyer.Subscription)!.Value.Slots!.Granted}");
            await Task.Delay(5);
        }
    }

    private async Task FillAsync(TestServer node, Buyer buyer, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
            if (await _calls.BeginAsync(node, buyer) != AdmissionVerdict.Admitted)
                await Task.Delay(5, CancellationToken.None);
    }
}
