using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Foundation;
using Tollgate.Metering;
using Tollgate.Plans;
using Tollgate.TestKit;

namespace Tollgate.Admission.Tests.Snapshot;

public sealed class RestartTests : IAsyncLifetime
{
    private readonly AdmissionServer _server = new();

    public ValueTask InitializeAsync() => _server.InitializeAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Load_AfterARestart_CountersAreWhatTheLogSays()
    {
        var plan = await _server.PlanAsync(await _server.RegisterAsync(), Node.Deny(10, Window.Month), Node.Deny(1000, Window.Day));
        var (_, _, secret) = await (await _server.RegisterAsync()).SubscribeAsync(plan);
        for (var call = 0; call < 7; call++)
            AdmissionServer.Append(_server.Server, _server.Call(secret, plan));
        await _server.Server.Services.GetRequiredService<IUsageShipping>().ShipNowAsync(CancellationToken.None);

        // The node is gone without a word, and its place with it; another one starts with nothing but the database.
        var folder = _server.NewFolder();
        await using var next = await _server.StartAsync(folder, ("Limits:Nodes", "1"));
        await using (var command = _server.Database.OwnerOrSuperuser.CreateCommand("DELETE FROM admission.node"))
            await command.ExecuteNonQueryAsync();
        await _server.Server.Services.GetServices<Microsoft.Extensions.Hosting.IHostedService>().OfType<Tollgate.Admission.Nodes.NodeRegistration>().Single().StopAsync(CancellationToken.None);
        await AdmissionServer.UntilReadyAsync(next);
        var admitted = Enumerable.Range(0, 20).Count(_ => _server.Call(secret, plan, next).Admitted);
        admitted.ShouldBe(3);
    }

    [Fact]
    public async Task Apply_PlanVersionAddsAWindow_ItStartsWithWhatTheLogKnows()
    {
        var provider = await _server.RegisterAsync();
        var plan = await _server.PlanAsync(provider, Node.Deny(1000, Window.Month));
        var (id, _, secret) = await (await _server.RegisterAsync()).SubscribeAsync(plan);
        for (var call = 0; call < 5; call++)
            AdmissionServer.Append(_server.Server, _server.Call(secret, plan));
        TypeId.TryParse(id, "sub", out var subscription).ShouldBeTrue();
        await using var command = _server.Database.OwnerOrSuperuser.CreateCommand("""
            UPDATE plans.entitlement_snapshot SET allowances = allowances || replace(replace((allowances -> 0)::text, 'month', 'week'), '1000', '8')::jsonb WHERE subscription_id = $1
            """);
        command.Parameters.Add(new() { Value = subscription });
        await command.ExecuteNonQueryAsync();
        await AdmissionServer.UntilAsync(() => _server.State.Subscribers.Find(subscription)?.Terms?.Allowances.Length == 2, "the new terms are in force");
        Enumerable.Range(0, 20).Count(_ => _server.Call(secret, plan).Admitted).ShouldBe(3);
    }
}
