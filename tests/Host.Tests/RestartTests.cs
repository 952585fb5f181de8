using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using Tollgate.Foundation;
using Tollgate.TestKit;

namespace Tollgate.Host.Tests;

/// <summary>
/// A gateway node and a control node on one server, as they stand in production. The gateway is killed and starts again while the server is away: it has its
/// disk and nothing else.
/// </summary>
public sealed class RestartTests
{
    private const string UpstreamSecret = "what-only-the-upstream-knows";
    private static readonly CancellationToken Never = CancellationToken.None;

    [Fact(Timeout = 240_000)]
    public async Task GatewayKilledAndStartedWithoutDatabase_ForgetsNothingAndCatchesUp()
    {
        await using var server = await ExternalPostgres.StartAsync();
        await using var upstream = await FakeUpstream.StartAsync();
        await using var gateway = RunningProgram.Launched(Settings(server, "gateway"));
        await using var control = RunningProgram.Launched(Settings(server, "control,portal,worker", ("Gateway__PublicUrl", gateway.Gateway.ToString().TrimEnd('/'))));
        (await control.CommandAsync(Owner(server), "migrate")).ExitCode.ShouldBe(0);
        await control.UntilReadyAsync();
        await gateway.UntilReadyAsync();
        using var market = await Market.OpenAsync(control, upstream.Address, Market.Deny("month", 50));
        await KeepSecretAsync(market);
        var (revoked, revokedId) = await AnotherKeyAsync(market);

        var used = await CallUntilServedAsync(gateway, market, market.Key) + await CallUntilServedAsync(gateway, market, revoked);
        for (; used < 20; used++)
            (await CallAsync(gateway, market, market.Key)).ShouldBe(HttpStatusCode.OK);
        (await market.Consumer.DeleteAsync($"/api/keys/{revokedId}", Never)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        // Until the change is there, the key may still be served, and then it counts.
        await UntilAsync(async () =>
        {
            var status = await CallAsync(gateway, market, revoked);
            used += status == HttpStatusCode.OK ? 1 : 0;
            return status == HttpStatusCode.Unauthorized;
        }, "the key is revoked");
        await gateway.KillAsync();
        await server.StopAsync();
        upstream.Received.Clear();

        await gateway.StartAgainAsync();
        var answers = new List<HttpStatusCode>();
        for (var call = 0; call < 40; call++)
            answers.Add(await CallAsync(gateway, market, market.Key));
        answers.Count(status => status == HttpStatusCode.OK).ShouldBe(50 - used);
        answers[(50 - used)..].ShouldAllBe(status => status == HttpStatusCode.TooManyRequests);
        (await CallAsync(gateway, market, revoked)).ShouldBe(HttpStatusCode.Unauthorized);
        upstream.Received.Count.ShouldBe(50 - used);
        upstream.Received.ShouldAllBe(request => request.Headers["X-Upstream-Secret"] == UpstreamSecret);
        await UntilAsync(async () => (await gateway.ReadinessAsync()).Contains("stale snapshot of age", StringComparison.Ordinal), "readiness tells the age");
        (await gateway.IsReadyAsync()).ShouldBeTrue();
        Directory.Exists(Path.Combine(gateway.Data, "postgres")).ShouldBeFalse("a cluster of its own beside the external server");

        // Killed once more before anything was shipped.
        await gateway.KillAsync();
        await gateway.StartAgainAsync();
        (await CallAsync(gateway, market, market.Key)).ShouldBe(HttpStatusCode.TooManyRequests);

        await server.StartAgainAsync();
        await UntilAsync(async () => (await market.Consumer.DeleteAsync($"/api/keys/{await OnlyKeyAsync(market)}", Never)).StatusCode == HttpStatusCode.NoContent, "the control node has its database again");
        await UntilAsync(async () => await CallAsync(gateway, market, market.Key) == HttpStatusCode.Unauthorized, "the change arrives");
        (await market.SettledRequestsAsync(gateway, 50)).ShouldBe(50);
        var served = (await market.RequestLogAsync()).Where(row => row.GetProperty("status").GetInt32() == 200).Select(row => row.GetProperty("request_id").GetString()).ToList();
        served.Count.ShouldBe(50);
        served.Distinct(StringComparer.Ordinal).Count().ShouldBe(50);
        await ReconciledAsync(gateway);
    }

    [Fact(Timeout = 240_000)]
    public async Task SnapshotDamagedOrTooOld_TheDatabaseIsAskedOrTheNodeSaysWhyItServesNot()
    {
        await using var server = await ExternalPostgres.StartAsync();
        await using var upstream = await FakeUpstream.StartAsync();
        await using var gateway = RunningProgram.Launched(Settings(server, "gateway"));
        await using var control = RunningProgram.Launched(Settings(server, "control,worker", ("Gateway__PublicUrl", gateway.Gateway.ToString().TrimEnd('/'))));
        (await control.CommandAsync(Owner(server), "migrate")).ExitCode.ShouldBe(0);
        await control.UntilReadyAsync();
        await gateway.UntilReadyAsync();
        using var market = await Market.OpenAsync(control, upstream.Address, Market.Deny("month", 30));
        var used = await CallUntilServedAsync(gateway, market, market.Key);
        for (; used < 10; used++)
            (await CallAsync(gateway, market, market.Key)).ShouldBe(HttpStatusCode.OK);

        foreach (var file in (string[])["admission/snapshot", "admission/counters", "gateway/routes"])
        {
            await gateway.KillAsync();
            Damage(Path.Combine(gateway.Data, file));
            await gateway.StartAgainAsync();
            gateway.Output.ShouldContain($"{file} is not used");
            (await CallAsync(gateway, market, market.Key)).ShouldBe(HttpStatusCode.OK, file);
            used++;
        }
        for (; used < 30; used++)
            (await CallAsync(gateway, market, market.Key)).ShouldBe(HttpStatusCode.OK);
        (await CallAsync(gateway, market, market.Key)).ShouldBe(HttpStatusCode.TooManyRequests);

        await gateway.KillAsync();
        await server.StopAsync();
        gateway.Set("Snapshot__GreatestStalenessSeconds", "1");
        gateway.LaunchAgain();
        await UntilAsync(async () => (await gateway.ReadinessAsync()).Contains("older than Snapshot__GreatestStalenessSeconds allows", StringComparison.Ordinal), "the node says that its snapshot is too old");
        await UntilAsync(async () => await CallAsync(gateway, market, market.Key) == HttpStatusCode.ServiceUnavailable, "no call is admitted");
        await server.StartAgainAsync();
        await gateway.UntilReadyAsync();
        await UntilAsync(async () => await CallAsync(gateway, market, market.Key) == HttpStatusCode.TooManyRequests, "calls are decided again");
    }

    [Fact(Timeout = 240_000)]
    public async Task OwnDatabaseThatIsLongInStarting_CallsAreServedFromDiskMeanwhile()
    {
        await using var upstream = await FakeUpstream.StartAsync();
        await using var program = await RunningProgram.StartAsync();
        using var market = await Market.OpenAsync(program, upstream.Address, Market.Deny("month", 30));
        await CallUntilServedAsync(program, market, market.Key);
        (await program.StopAsync()).ShouldBe(0, program.Output);
        var hold = HoldServer(program);

        program.LaunchAgain();
        await CallUntilServedAsync(program, market, market.Key);
        File.Exists(Path.Combine(program.Data, "postgres", "pgdata", "postmaster.pid")).ShouldBeFalse("PostgreSQL has not begun");
        File.Delete(hold);
        await program.UntilReadyAsync();
        (await market.SettledRequestsAsync(program, 2)).ShouldBe(2);
    }

    internal static Dictionary<string, string?> Settings(ExternalPostgres server, string roles, params (string Name, string Value)[] more)
    {
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Tollgate__Roles"] = roles,
            ["ConnectionStrings__Tollgate"] = server.ConnectionString("tollgate_app"),
            ["ConnectionStrings__Ingest"] = server.ConnectionString("tollgate_ingest"),
            ["ConnectionStrings__Worker"] = server.ConnectionString("tollgate_worker"),
            ["Secrets__Key"] = Convert.ToBase64String(SHA256.HashData([7])),
        };
        foreach (var (name, value) in more)
            settings[name] = value;
        return settings;
    }

    internal static Dictionary<string, string?> Owner(ExternalPostgres server) => new(StringComparer.Ordinal)
    {
        ["ConnectionStrings__Migrate"] = server.ConnectionString("tollgate_owner"),
        ["ConnectionStrings__Tollgate"] = null,
        ["ConnectionStrings__Ingest"] = null,
        ["ConnectionStrings__Worker"] = null,
    };

    private static async Task KeepSecretAsync(Market market)
    {
        using var read = await market.Provider.GetAsync($"/api/apis/{market.ApiId}", Never);
        using var edit = new HttpRequestMessage(HttpMethod.Patch, $"/api/apis/{market.ApiId}")
        {
            Content = JsonContent.Create(new { upstream_headers = new[] { new { name = "X-Upstream-Secret", value = UpstreamSecret } } }, options: Json.Options),
        };
        edit.Headers.IfMatch.Add(read.Headers.ETag!);
        using var edited = await market.Provider.SendAsync(edit, Never);
        edited.StatusCode.ShouldBe(HttpStatusCode.OK, await edited.Content.ReadAsStringAsync(Never));
    }

    private static async Task<(string Secret, string Id)> AnotherKeyAsync(Market market)
    {
        var key = await Market.PostAsync(market.Consumer, $"/api/subscriptions/{market.SubscriptionId}/keys", new { name = "second" });
        return (key.GetProperty("secret").GetString()!, key.GetProperty("id").GetString()!);
    }

    private static async Task<string> OnlyKeyAsync(Market market)
    {
        using var response = await market.Consumer.GetAsync($"/api/subscriptions/{market.SubscriptionId}/keys", Never);
        if (!response.IsSuccessStatusCode)
            return "key_none";
        var keys = (await response.Content.ReadFromJsonAsync<System.Text.Json.JsonElement>(Never)).GetProperty("data").EnumerateArray();
        return keys.Single(key => market.Key.StartsWith(key.GetProperty("prefix").GetString()!, StringComparison.Ordinal)).GetProperty("id").GetString()!;
    }

    // A change reaches another node within a second. Refusals of an unknown key are no calls of the subscription.
    private static async Task<int> CallUntilServedAsync(RunningProgram gateway, Market market, string key)
    {
        await UntilAsync(async () => await CallAsync(gateway, market, key) == HttpStatusCode.OK, "the key is known");
        return 1;
    }

    private static async Task<HttpStatusCode> CallAsync(RunningProgram gateway, Market market, string key)
    {
        using var http = RunningProgram.NewClient(gateway.Gateway, connections: 1);
        using var request = market.Call("/small");
        request.Headers.Remove("x-api-key");
        request.Headers.Add("x-api-key", key);
        try
        {
            using var response = await http.SendAsync(request, Never);
            return response.StatusCode;
        }
        catch (HttpRequestException)
        {
            return HttpStatusCode.ServiceUnavailable;
        }
    }

    // Its server begins when the file is gone.
    private static string HoldServer(RunningProgram program)
    {
        if (OperatingSystem.IsWindows())
            throw new PlatformNotSupportedException();
        var major = File.ReadAllText(Path.Combine(program.Data, "postgres", "pgdata", "PG_VERSION")).Trim();
        var real = Environment.GetEnvironmentVariable("Postgres__BinDirectory") ?? $"/usr/lib/postgresql/{major}/bin";
        var folder = Directory.CreateDirectory(Path.Combine(program.Data, "held"), (UnixFileMode)0b111_101_101).FullName;
        var hold = Path.Combine(folder, "hold");
        File.WriteAllText(hold, "");
        var server = Path.Combine(folder, "postgres");
        File.WriteAllText(server, $"#!/bin/sh\n[ \"$1\" = --version ] || while [ -e '{hold}' ]; do sleep 0.05; done\nexec '{real}/postgres' \"$@\"\n");
        File.SetUnixFileMode(server, (UnixFileMode)0b111_101_101);
        File.CreateSymbolicLink(Path.Combine(folder, "initdb"), Path.Combine(real, "initdb"));
        program.Set("Postgres__BinDirectory", folder);
        return hold;
    }

    private static async Task ReconciledAsync(RunningProgram program)
    {
        (int ExitCode, string Output) answer = (2, "");
        await UntilAsync(async () => (answer = await program.CommandAsync("reconcile")).ExitCode != 2, "every node answers");
        answer.ExitCode.ShouldBe(0, answer.Output);
    }

    private static void Damage(string path)
    {
        var bytes = File.ReadAllBytes(path);
        bytes[40] ^= 1;
        File.WriteAllBytes(path, bytes);
    }

    private static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        var deadline = TimeProvider.System.GetUtcNow().AddSeconds(60);
        while (true)
        {
            try
            {
                if (await condition())
                    return;
            }
            catch (HttpRequestException)
            {
                // Not there yet.
            }
            (TimeProvider.System.GetUtcNow() < deadline).ShouldBeTrue($"waited in vain: {what}");
            await Task.Delay(50, Never);
        }
    }
}
