using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Npgsql;
using Tollgate.Foundation;
using Tollgate.TestKit;

namespace Tollgate.Host.Tests;

/// <summary>`tollgate rotate-keys` beside the running program: what was sealed before stays readable, what comes is sealed with the new key, and the old one can go.</summary>
public sealed class KeyRotationTests
{
    private const string Secret = "what-only-the-upstream-knows";
    private const string Password = "correct horse battery";

    // Everything that is sealed and stays, as `tollgate rotate-keys` names it; the id of the key stands in the four bytes after the version.
    private const string KeyIds = """
        SELECT 'identity.module_key', encode(substring(sealed FROM 2 FOR 4), 'hex') FROM identity.module_key
        UNION ALL SELECT 'identity.totp', encode(substring(sealed FROM 2 FOR 4), 'hex') FROM identity.totp
        UNION ALL SELECT 'identity.totp_offer', encode(substring(sealed FROM 2 FOR 4), 'hex') FROM identity.totp_offer
        UNION ALL SELECT 'gateway.api_upstream.headers', encode(substring(headers FROM 2 FOR 4), 'hex') FROM gateway.api_upstream WHERE headers IS NOT NULL
        UNION ALL SELECT 'gateway.api_upstream.signing_secret', encode(substring(signing_secret FROM 2 FOR 4), 'hex') FROM gateway.api_upstream WHERE signing_secret IS NOT NULL
        UNION ALL SELECT 'foundation.idempotency_key', encode(substring(answer FROM 2 FOR 4), 'hex') FROM foundation.idempotency_key WHERE answer IS NOT NULL
        """;

    [Fact(Timeout = 240_000)]
    public async Task RotateKeys_WhileTheProgramRuns_LosesNothing_AndTheOldKeyMayGo()
    {
        await using var upstream = await FakeUpstream.StartAsync();
        await using var program = await RunningProgram.StartAsync();
        using var market = await Market.OpenAsync(program, upstream.Address, Market.Deny("month", 1000));
        await KeepSecretAsync(market, Secret);
        var app = await TurnTotpOnAsync(market.Consumer);
        var offered = await OfferTotpAsync(market.Consumer);
        var (first, signing) = (await MakeKeyAsync(market), await SigningSecretAsync(market));
        await using var database = await program.OpenDatabaseAsync();
        var old = (await KeyIdsAsync(database)).ShouldHaveSingleItem();

        var (exit, output) = await program.CommandAsync("rotate-keys");
        exit.ShouldBe(0, output);
        output.ShouldContain("A new key is the first in the key file.");
        (await File.ReadAllLinesAsync(KeyFile(program))).Length.ShouldBe(2);
        var now = (await KeyIdsAsync(database)).ShouldHaveSingleItem("everything is sealed anew");
        now.ShouldNotBe(old);
        await WorksAsync(program, market, upstream, first, signing, Secret);

        // What comes is sealed with the new key by the program that runs.
        await KeepSecretAsync(market, "another one");
        (await KeyIdsAsync(database)).ShouldBe([now]);
        await WorksAsync(program, market, upstream, first, signing, "another one");

        (exit, output) = await program.CommandAsync("rotate-keys", "--forget-old");
        exit.ShouldBe(0, output);
        (await File.ReadAllLinesAsync(KeyFile(program))).Length.ShouldBe(1);
        (await KeyIdsAsync(database)).ShouldBe([now]);
        await WorksAsync(program, market, upstream, first, signing, "another one");
        (await Market.GetAsync(await OperatorAsync(program), "/api/audit-log?action=secrets.sealed_anew")).GetProperty("data").GetArrayLength().ShouldBe(2);

        // With nothing but the new key, and nothing in memory.
        (await program.StopAsync()).ShouldBe(0);
        await program.StartAgainAsync();
        await WorksAsync(program, market, upstream, first, signing, "another one");
        await SecondFactorAsync(program, market, app);
        await Market.PostAsync(market.Consumer, "/auth/totp/confirm", new { code = offered.CodeAt(TimeProvider.System.GetUtcNow()) });
    }

    // The access token is signed by a sealed key; the upstream's header, the stored answer and the signing secret are sealed themselves.
    private static async Task WorksAsync(RunningProgram program, Market market, FakeUpstream upstream, JsonElement first, string signing, string secret)
    {
        using var http = RunningProgram.NewClient(program.Gateway);
        for (var tries = 0; ; tries++)
        {
            upstream.Received.Clear();
            using var response = await http.SendAsync(market.Call("/small"));
            if (response.StatusCode == HttpStatusCode.OK && upstream.Received.Last().Headers["X-Upstream-Secret"] == secret)
                break;
            tries.ShouldBeLessThan(3_000, $"{(int)response.StatusCode}");
            await Task.Delay(20);
        }
        (await MakeKeyAsync(market)).ToString().ShouldBe(first.ToString(), "the stored answer of the same idempotency key");
        (await SigningSecretAsync(market)).ShouldBe(signing);
    }

    private static async Task<JsonElement> MakeKeyAsync(Market market)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/subscriptions/{market.SubscriptionId}/keys") { Content = JsonContent.Create(new { name = "Once" }) };
        request.Headers.Add("Idempotency-Key", "rotation-0001");
        using var response = await market.Consumer.SendAsync(request);
        var body = await response.Content.ReadFromJsonAsync<JsonElement>();
        response.StatusCode.ShouldBe(HttpStatusCode.Created, body.ToString());
        return body;
    }

    private static async Task<string> SigningSecretAsync(Market market) => (await Market.GetAsync(market.Provider, $"/api/apis/{market.ApiId}/signing-secret")).ToString();

    private static async Task KeepSecretAsync(Market market, string value)
    {
        using var edit = new HttpRequestMessage(HttpMethod.Patch, $"/api/apis/{market.ApiId}") { Content = JsonContent.Create(new { upstream_headers = new[] { new { name = "X-Upstream-Secret", value } } }, options: Json.Options) };
        edit.Headers.TryAddWithoutValidation("If-Match", "*");
        using var edited = await market.Provider.SendAsync(edit);
        edited.StatusCode.ShouldBe(HttpStatusCode.OK, await edited.Content.ReadAsStringAsync());
    }

    private static async Task<AuthenticatorApp> OfferTotpAsync(HttpClient account) => new((await Market.PostAsync(account, "/auth/totp", new { })).GetProperty("secret").GetString()!);

    private static async Task<AuthenticatorApp> TurnTotpOnAsync(HttpClient account)
    {
        var app = await OfferTotpAsync(account);
        await Market.PostAsync(account, "/auth/totp/confirm", new { code = app.CodeAt(TimeProvider.System.GetUtcNow()) });
        return app;
    }

    // The code of the step after: that of now may have been taken when it was turned on.
    private static async Task SecondFactorAsync(RunningProgram program, Market market, AuthenticatorApp app)
    {
        var email = (await Market.GetAsync(market.Consumer, "/me")).GetProperty("account").GetProperty("email").GetString();
        using var http = RunningProgram.NewClient(program.Control);
        var challenge = (await Market.PostAsync(http, "/auth/login", new { email, password = Password })).GetProperty("challenge").GetString();
        await Market.PostAsync(http, "/auth/second-factor", new { challenge, code = app.CodeAt(TimeProvider.System.GetUtcNow(), 1) });
    }

    private static async Task<HttpClient> OperatorAsync(RunningProgram program)
    {
        (await program.CommandAsync(new Dictionary<string, string?>(StringComparer.Ordinal) { ["TOLLGATE_SEED_PASSWORD"] = Password }, "seed")).ExitCode.ShouldBe(0);
        var http = RunningProgram.NewClient(program.Control);
        var session = await Market.PostAsync(http, "/auth/login", new { email = "operator@localhost", password = Password });
        http.DefaultRequestHeaders.Authorization = new("Bearer", session.GetProperty("access_token").GetString());
        return http;
    }

    /// <summary>The keys by which something is sealed; each kind of secret must be there.</summary>
    private static async Task<List<string>> KeyIdsAsync(NpgsqlDataSource database)
    {
        await using var command = database.CreateCommand(KeyIds);
        await using var reader = await command.ExecuteReaderAsync();
        var found = new List<(string Kind, string Key)>();
        while (await reader.ReadAsync())
            found.Add((reader.GetString(0), reader.GetString(1)));
        found.Select(one => one.Kind).Distinct(StringComparer.Ordinal).Count().ShouldBe(6);
        return [.. found.Select(one => one.Key).Distinct(StringComparer.Ordinal)];
    }

    private static string KeyFile(RunningProgram program) => Path.Combine(program.Data, "secrets", "master.key");
}
