using Microsoft.Extensions.DependencyInjection;
using Tollgate.Admission.Deciding;
using Tollgate.Admission.Snapshot;
using Tollgate.Foundation;
using Tollgate.Metering;
using Tollgate.Plans;
using Tollgate.TestKit;

namespace Tollgate.Admission.Tests.Snapshot;

/// <summary>A node that starts again on its own disk, with the database there: it goes on from what it had and hears what it missed.</summary>
public sealed class SnapshotRestartTests : IAsyncLifetime
{
    private readonly AdmissionServer _server = new();
    private string _folder = "";

    public async ValueTask InitializeAsync()
    {
        await _server.InitializeAsync();
        _folder = _server.NewFolder();
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Start_OnItsOwnDisk_CountersComeFromThereAndNotFromTheLog()
    {
        var plan = await _server.PlanAsync(await _server.RegisterAsync(), Node.Deny(20, Window.Month), Node.Deny(1000, Window.Day));
        var (_, _, secret) = await (await _server.RegisterAsync()).SubscribeAsync(plan);
        await using (var node = await StartAsync())
            for (var call = 0; call < 7; call++)
                AdmissionServer.Append(node, _server.Call(secret, plan, node));
        // Whoever asked the log now would learn that nothing was used.
        await ExecuteAsync("DELETE FROM metering.request_log; DELETE FROM metering.meter_hourly");

        await using var next = await StartAsync();
        Admitted(next, secret, plan).ShouldBe(3);
    }

    [Fact]
    public async Task Start_ThingsChangedWhileItWasAway_ArriveByTheFeed()
    {
        var provider = await _server.RegisterAsync();
        var (kept, ended, grown) = (await _server.PlanAsync(provider, Node.Deny(20, Window.Month)), await _server.PlanAsync(provider, Node.Deny(20, Window.Month)), await _server.PlanAsync(provider, Node.Deny(20, Window.Month)));
        var consumer = await _server.RegisterAsync();
        var (_, keyId, revoked) = await consumer.SubscribeAsync(kept);
        var (endedId, _, endedKey) = await consumer.SubscribeAsync(ended);
        var (grownId, _, grownKey) = await consumer.SubscribeAsync(grown);
        await using (var node = await StartAsync())
            AdmissionServer.Append(node, _server.Call(grownKey, grown, node));
        (await consumer.SendAsync(HttpMethod.Delete, $"/api/keys/{keyId}")).Status.ShouldBe(204);
        TypeId.TryParse(endedId, "sub", out var endedSubscription).ShouldBeTrue();
        TypeId.TryParse(grownId, "sub", out var grownSubscription).ShouldBeTrue();
        await ExecuteAsync($"""
            UPDATE plans.entitlement_snapshot SET active = false WHERE subscription_id = '{endedSubscription}';
            UPDATE plans.entitlement_snapshot SET allowances = replace(allowances::text, '20', '8')::jsonb WHERE subscription_id = '{grownSubscription}'
            """);
        var (_, _, fresh) = await (await _server.RegisterAsync()).SubscribeAsync(kept);

        await using var next = await StartAsync();
        await AdmissionServer.UntilAsync(() => _server.Call(fresh, kept, next).Admitted, "the key that was made meanwhile");
        _server.Call(revoked, kept, next).Verdict.ShouldBe(AdmissionVerdict.KeyRevoked);
        _server.Call(endedKey, ended, next).Verdict.ShouldBe(AdmissionVerdict.SubscriptionInactive);
        Admitted(next, grownKey, grown).ShouldBe(3);
    }

    [Fact]
    public async Task Start_AfterAPlanGotAWindow_TheWindowIsCountedFromItsBeginning()
    {
        var plan = await _server.PlanAsync(await _server.RegisterAsync(), Node.Deny(1000, Window.Month));
        var (id, _, secret) = await (await _server.RegisterAsync()).SubscribeAsync(plan);
        TypeId.TryParse(id, "sub", out var subscription).ShouldBeTrue();
        await using (var node = await StartAsync())
        {
            for (var call = 0; call < 5; call++)
                AdmissionServer.Append(node, _server.Call(secret, plan, node));
            await ExecuteAsync($"""
                UPDATE plans.entitlement_snapshot SET allowances = allowances || replace(replace((allowances -> 0)::text, 'month', 'week'), '1000', '16')::jsonb
                WHERE subscription_id = '{subscription}'
                """);
            await AdmissionServer.UntilAsync(() => node.Services.GetRequiredService<NodeState>().Subscribers.Find(subscription)?.Terms?.Allowances.Length == 2, "the new terms");
            AdmissionServer.Append(node, _server.Call(secret, plan, node));
        }
        await ExecuteAsync("DELETE FROM metering.request_log; DELETE FROM metering.meter_hourly");

        await using var next = await StartAsync();
        Admitted(next, secret, plan).ShouldBe(2);
    }

    [Theory]
    [InlineData("snapshot")]
    [InlineData("counters")]
    public async Task Start_AFileIsDamaged_TheLogIsAskedInstead(string file)
    {
        var plan = await _server.PlanAsync(await _server.RegisterAsync(), Node.Deny(20, Window.Month));
        var (_, _, secret) = await (await _server.RegisterAsync()).SubscribeAsync(plan);
        await using (var node = await StartAsync())
            for (var call = 0; call < 7; call++)
                AdmissionServer.Append(node, _server.Call(secret, plan, node));
        var path = Path.Combine(_folder, "admission", file);
        var bytes = File.ReadAllBytes(path);
        bytes[60] ^= 1;
        File.WriteAllBytes(path, bytes);

        await using var next = await StartAsync();
        Admitted(next, secret, plan).ShouldBe(3);
        // And what it wrote then is whole again.
        next.Services.GetRequiredService<IAdmission>().Ready.ShouldBeTrue();
    }

    [Fact]
    public async Task Start_AfterTheSnapshotWasWrittenAnew_AllOfItIsThere()
    {
        var plan = await _server.PlanAsync(await _server.RegisterAsync(), Node.Deny(20, Window.Month));
        var (_, _, secret) = await (await _server.RegisterAsync()).SubscribeAsync(plan);
        await using (var node = await StartAsync())
        {
            for (var call = 0; call < 7; call++)
                AdmissionServer.Append(node, _server.Call(secret, plan, node));
            // As after a write that failed: there is none until it is written anew.
            node.Services.GetRequiredService<SnapshotDisk>().Remove();
            await node.Services.GetRequiredService<AdmissionSnapshot>().TidyAsync(CancellationToken.None);
        }
        await ExecuteAsync("DELETE FROM metering.request_log; DELETE FROM metering.meter_hourly");

        await using var next = await StartAsync();
        Admitted(next, secret, plan).ShouldBe(3);
    }

    [Fact]
    public async Task Start_TheDatabaseIsAnotherOne_EverythingIsLoadedAnew()
    {
        var plan = await _server.PlanAsync(await _server.RegisterAsync(), Node.Deny(20, Window.Month));
        var (_, _, secret) = await (await _server.RegisterAsync()).SubscribeAsync(plan);
        await using (var node = await StartAsync())
            _server.Call(secret, plan, node).Admitted.ShouldBeTrue();
        // As if restored from elsewhere: the key is not there, no change tells so, and the versions look familiar.
        await ExecuteAsync("""
            SET session_replication_role = replica; DELETE FROM admission.key; SET session_replication_role = origin;
            UPDATE foundation.change_horizon SET feed = gen_random_uuid()
            """);

        await using var next = await StartAsync();
        await AdmissionServer.UntilAsync(() => _server.Call(secret, plan, next).Verdict == AdmissionVerdict.KeyUnknown, "the key is gone");
    }

    [Fact]
    public async Task Start_OfANodeThatWasForbidden_DoesNotAdmitUntilTheRegisterSaysSo()
    {
        await using (await StartAsync())
        {
            // Ready, so it has a snapshot and was allowed.
        }
        // Beside the class's own node there is no place for it.
        await using (var one = await StartedAsync(nodes: 1))
            await AdmissionServer.UntilAsync(() => one.Services.GetRequiredService<IAdmission>() is { Ready: false } && WhyNot(one).Contains("Another node admits", StringComparison.Ordinal), "it is forbidden");
        await ExecuteAsync("ALTER TABLE admission.node RENAME TO node_away");

        await using var next = await StartedAsync(nodes: 2);
        await AdmissionServer.UntilAsync(() => next.Services.GetRequiredService<NodeState>().Loaded, "its snapshot is loaded");
        next.Services.GetRequiredService<IAdmission>().Ready.ShouldBeFalse();
        await ExecuteAsync("ALTER TABLE admission.node_away RENAME TO node");
        await AdmissionServer.UntilReadyAsync(next);
    }

    private static string WhyNot(TestServer node) => node.Services.GetRequiredService<NodeState>().WhyNotReady;

    // Beside the class's own node, so each has half of every limit.
    private async Task<TestServer> StartAsync()
    {
        var node = await StartedAsync(nodes: 2);
        await AdmissionServer.UntilReadyAsync(node);
        return node;
    }

    private Task<TestServer> StartedAsync(int nodes) => _server.StartAsync(_folder, ("Limits:Nodes", $"{nodes}"), ("Snapshot:CheckpointMilliseconds", "50"));

    private int Admitted(TestServer node, string secret, Plan plan) => Enumerable.Range(0, 30).Count(_ => _server.Call(secret, plan, node).Admitted);

    private async Task ExecuteAsync(string sql)
    {
        await using var command = _server.Database.OwnerOrSuperuser.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
