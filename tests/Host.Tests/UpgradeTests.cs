using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Foundation;
using Tollgate.Host.Startup;
using Tollgate.TestKit;

namespace Tollgate.Host.Tests;

/// <summary>This program on a database that an older version made and filled: it waits, is migrated, and everybody who was there goes on where they were.</summary>
public sealed class UpgradeTests
{
    private static readonly string[] Schemas = ["identity", "plans", "admission", "gateway", "catalog"];

    [Theory(Timeout = 300_000)]
    [InlineData("its first version")]
    [InlineData("the version before")]
    public async Task Start_OnADatabaseOf(string version)
    {
        await using var upstream = await FakeUpstream.StartAsync();
        await using var server = await ExternalPostgres.StartAsync();
        var old = new OldSchema(server.ConnectionString("tollgate_owner"), server.ConnectionString("postgres"));
        var missing = await old.MakeAsync(await ModulesAsync(), (module, files) => version == "its first version" ? module == "messaging" ? 0 : 1 : Math.Max(1, files - 1));
        missing.Count.ShouldBeGreaterThan(5);

        await using var source = await RunningProgram.StartAsync(new Dictionary<string, string?>(StringComparer.Ordinal) { ["Secrets__Key"] = RestartTests.Settings(server, "")["Secrets__Key"] });
        using var there = await Market.OpenAsync(source, upstream.Address, Market.Deny("month", 50));
        // What was used is kept in other tables since the first version.
        string[] schemas = version == "its first version" ? Schemas : [.. Schemas, "metering"];
        using (var called = await there.Consumer.SendAsync(there.Call("/small")))
            called.StatusCode.ShouldBe(HttpStatusCode.OK);
        await there.SettledRequestsAsync(source, 1);
        await using var rows = await source.OpenDatabaseAsync();
        var had = await old.FillAsync(rows, schemas);
        foreach (var table in (string[])["identity.account", "identity.member", "identity.organization", "identity.session", "identity.module_key", "plans.plan", "plans.subscription", "admission.key", "gateway.api", "gateway.api_upstream"])
            had.ShouldContainKey(table);

        await using var program = RunningProgram.Launched(RestartTests.Settings(server, "gateway,control,portal,worker"));
        await program.UntilItSaysAsync("The schema is behind");
        (await program.IsReadyAsync()).ShouldBeFalse();
        var (exit, output) = await program.CommandAsync(RestartTests.Owner(server), "migrate");
        exit.ShouldBe(0, output);
        foreach (var file in missing)
            output.ShouldContain($"applied {file}");
        (await old.CountAsync(had.Keys)).ShouldBe(had, ignoreOrder: true);
        await program.UntilReadyAsync();
        await GoesOnAsync(program, there, schemas.Contains("metering") ? 2 : 1);
    }

    // The sessions, the keys and the passwords of then.
    private static async Task GoesOnAsync(RunningProgram program, Market there, int used)
    {
        using var market = there.On(program);
        using var http = RunningProgram.NewClient(program.Gateway);
        using (var served = await http.SendAsync(market.Call("/small")))
            served.StatusCode.ShouldBe(HttpStatusCode.OK, await served.Content.ReadAsStringAsync());
        var me = await Market.GetAsync(market.Provider, "/me");
        var (email, slug) = (me.GetProperty("account").GetProperty("email").GetString(), me.GetProperty("organizations")[0].GetProperty("slug").GetString());
        using var again = RunningProgram.NewClient(program.Control);
        await Market.PostAsync(again, "/auth/login", new { email, password = "correct horse battery" });
        // What is new since then works on what was there before: the register of slugs, another key, the log.
        using (var renamed = await market.Provider.PatchAsync($"/api/organizations/{slug}", new StringContent($$"""{"slug":"{{slug}}-new"}""", System.Text.Encoding.UTF8, "application/json")))
            renamed.StatusCode.ShouldBe(HttpStatusCode.OK, await renamed.Content.ReadAsStringAsync());
        (await Market.PostAsync(market.Consumer, $"/api/subscriptions/{market.SubscriptionId}/keys", new { name = "Another" })).GetProperty("secret").GetString().ShouldNotBeNull();
        (await Market.GetAsync(market.Consumer, "/api/audit-log?action=key.created")).GetProperty("data").GetArrayLength().ShouldBeGreaterThan(0);
        // The program of then does not answer reconcile any more; what it has shipped is here.
        while ((await market.UsageAsync()).GetProperty("total").GetProperty("requests").GetInt64() < used)
            await Task.Delay(50);
        (await market.RequestLogAsync()).Count.ShouldBe(used);
    }

    private static async Task<IReadOnlyList<SqlModule>> ModulesAsync()
    {
        await using var app = TollgateHost.Build(["--Data:Directory", Directory.CreateTempSubdirectory("tollgate-modules-").FullName]);
        return [.. app.Services.GetServices<SqlModule>()];
    }
}
