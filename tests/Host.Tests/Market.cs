using System.Net.Http.Json;
using System.Text.Json;
using Tollgate.Foundation;
using Tollgate.TestKit;

namespace Tollgate.Host.Tests;

/// <summary>A provider with a published API and a consumer with a key, made over HTTP on the running program.</summary>
internal sealed class Market : IDisposable
{
    private static int _count;

    private Market(RunningProgram program)
    {
        Provider = RunningProgram.NewClient(program.Control);
        Consumer = RunningProgram.NewClient(program.Control);
    }

    public HttpClient Provider { get; }

    public HttpClient Consumer { get; }

    public string ApiId { get; private set; } = "";

    public string GatewayUrl { get; private set; } = "";

    public string SubscriptionId { get; private set; } = "";

    public string Key { get; private set; } = "";

    /// <param name="program">The running program.</param>
    /// <param name="upstream">Where the API's server is.</param>
    /// <param name="allowances">Allowances of the one plan, which costs 10.00 usd a month.</param>
    public static async Task<Market> OpenAsync(RunningProgram program, Uri upstream, params object[] allowances)
    {
        var market = new Market(program);
        var number = Interlocked.Increment(ref _count);
        await SignUpAsync(market.Provider, $"provider{number}@example.com").ConfigureAwait(false);
        await program.VerifyEmailAsync($"provider{number}@example.com", market.Provider).ConfigureAwait(false);
        await SignUpAsync(market.Consumer, $"consumer{number}@example.com").ConfigureAwait(false);
        var api = await PostAsync(market.Provider, "/api/apis", new
        {
            name = $"Test {number}",
            slug = "test",
            upstream_url = upstream.ToString(),
            openapi = new { openapi = "3.1.0", info = new { title = "Test", version = "1" }, paths = new Dictionary<string, object> { ["/small"] = new { get = new { operationId = "small", responses = new { } } } } },
        }).ConfigureAwait(false);
        market.ApiId = api.GetProperty("id").GetString()!;
        market.GatewayUrl = api.GetProperty("gateway_url").GetString()!;
        var plan = await PostAsync(market.Provider, $"/api/apis/{market.ApiId}/plans", new { name = "Plan", price = new { amount = 1000, currency = "usd", interval = "month" }, allowances }).ConfigureAwait(false);
        await PostAsync(market.Provider, $"/api/apis/{market.ApiId}/publish", new { }).ConfigureAwait(false);
        var subscription = await PostAsync(market.Consumer, "/api/subscriptions", new { plan_id = plan.GetProperty("id").GetString() }).ConfigureAwait(false);
        market.SubscriptionId = subscription.GetProperty("id").GetString()!;
        market.Key = subscription.GetProperty("key").GetProperty("secret").GetString()!;
        return market;
    }

    /// <summary>The same market as another program shows it: one that was restored from its backup.</summary>
    public Market On(RunningProgram program)
    {
        var there = new Market(program) { ApiId = ApiId, SubscriptionId = SubscriptionId, Key = Key };
        there.GatewayUrl = program.Gateway.ToString().TrimEnd('/') + new Uri(GatewayUrl).AbsolutePath;
        there.Provider.DefaultRequestHeaders.Authorization = Provider.DefaultRequestHeaders.Authorization;
        there.Consumer.DefaultRequestHeaders.Authorization = Consumer.DefaultRequestHeaders.Authorization;
        return there;
    }

    public static object Deny(string window, long amount) => new { meter = "requests", amount, window, past = "deny" };

    public static object Charge(long amount, string unitPrice) => new { meter = "requests", amount, window = "billing_period", past = "charge", unit_price = unitPrice };

    public HttpRequestMessage Call(string path)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, GatewayUrl + path);
        request.Headers.Add("x-api-key", Key);
        return request;
    }

    /// <summary>The servers behind the API, as PUT takes them.</summary>
    public async Task<JsonElement> SetUpstreamsAsync(object body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, $"/api/apis/{ApiId}/upstreams") { Content = JsonContent.Create(body) };
        request.Headers.TryAddWithoutValidation("If-Match", "*");
        using var response = await Provider.SendAsync(request).ConfigureAwait(false);
        var text = await response.Content.ReadAsStringAsync().ConfigureAwait(false);
        response.IsSuccessStatusCode.ShouldBeTrue(text);
        return JsonDocument.Parse(text).RootElement;
    }

    public Task<JsonElement> UsageAsync() => GetAsync(Consumer, $"/api/usage?subscription={SubscriptionId}");

    /// <summary>The whole request log of the subscription.</summary>
    public async Task<List<JsonElement>> RequestLogAsync()
    {
        var rows = new List<JsonElement>();
        string? after = null;
        do
        {
            var page = await GetAsync(Consumer, $"/api/request-log?subscription={SubscriptionId}&limit=200{(after is null ? "" : $"&after={after}")}").ConfigureAwait(false);
            rows.AddRange(page.GetProperty("data").EnumerateArray());
            after = page.GetProperty("has_more").GetBoolean() ? page.GetProperty("next").GetString() : null;
        }
        while (after is not null);
        return rows;
    }

    /// <summary>Waits until usage shows so many requests, and until all that this program has counted is there: by then it would show too many.</summary>
    public async Task<long> SettledRequestsAsync(RunningProgram program, long expected)
    {
        var deadline = TimeProvider.System.GetTimestamp() + 60 * TimeProvider.System.TimestampFrequency;
        long seen;
        do
        {
            seen = (await UsageAsync().ConfigureAwait(false)).GetProperty("total").GetProperty("requests").GetInt64();
            await Task.Delay(100).ConfigureAwait(false);
        }
        while (seen < expected && TimeProvider.System.GetTimestamp() < deadline);
        // 2: not everything has been shipped yet.
        while ((await program.CommandAsync("reconcile").ConfigureAwait(false)).ExitCode == 2)
            await Task.Delay(250).ConfigureAwait(false);
        return (await UsageAsync().ConfigureAwait(false)).GetProperty("total").GetProperty("requests").GetInt64();
    }

    public static async Task<JsonElement> GetAsync(HttpClient http, string path)
    {
        using var response = await http.GetAsync(path).ConfigureAwait(false);
        var text = await response.Content.ReadAsStringAsync().ConfigureAwait(false);
        response.IsSuccessStatusCode.ShouldBeTrue($"GET {path}: {text}");
        return JsonDocument.Parse(text).RootElement;
    }

    public static async Task<JsonElement> PostAsync(HttpClient http, string path, object body)
    {
        using var response = await http.PostAsJsonAsync(path, body, Json.Options).ConfigureAwait(false);
        var text = await response.Content.ReadAsStringAsync().ConfigureAwait(false);
        response.IsSuccessStatusCode.ShouldBeTrue($"POST {path}: {text}");
        return text.Length == 0 ? default : JsonDocument.Parse(text).RootElement;
    }

    public void Dispose()
    {
        Provider.Dispose();
        Consumer.Dispose();
    }

    private static async Task SignUpAsync(HttpClient http, string email)
    {
        var session = await PostAsync(http, "/auth/register", new { email, password = "correct horse battery", name = email.Split('@')[0] }).ConfigureAwait(false);
        http.DefaultRequestHeaders.Authorization = new("Bearer", session.GetProperty("access_token").GetString());
    }
}
