using System.Net.Http.Json;
using System.Text.Json;
using Tollgate.Foundation;
using Tollgate.TestKit;

namespace Tollgate.Portal.Tests;

/// <summary>
/// What one meets in a market in use, made over the HTTP API: Ada sells weather, has a draft with a fault in its document, and subscribes to Ben's exchange rates.
/// Calls went through, were refused, and failed.
/// </summary>
internal sealed class Town
{
    public const string Password = "correct horse battery staple";
    public const string Ada = "ada@weather.example.com";

    private readonly RunningProgram _program;

    private Town(RunningProgram program) => _program = program;

    public string Weather { get; private set; } = "";

    public string WeatherListing { get; private set; } = "";

    public string Draft { get; private set; } = "";

    public string Subscription { get; private set; } = "";

    public string AdaId { get; private set; } = "";

    public string AdaOrganization { get; private set; } = "";

    /// <summary>Ada's meter, by its name and its id; Ben has used some of it.</summary>
    public string Meter { get; private set; } = "";

    public string MeterId { get; private set; } = "";

    public static async Task<Town> BuildAsync(PortalFixture fixture)
    {
        var town = new Town(fixture.Program);
        using var ada = await town.SignUpAsync("Meteo Lab", Ada);
        // Ada runs the installation too.
        var (exitCode, output) = await fixture.Program.CommandAsync("seed", "--email", Ada);
        exitCode.ShouldBe(0, output);
        output.ShouldContain($"{Ada} is an operator now");
        var me = await ada.GetFromJsonAsync<JsonElement>("/me");
        (town.AdaId, town.AdaOrganization) = (me.GetProperty("account").GetProperty("id").GetString()!, me.GetProperty("organizations")[0].GetProperty("id").GetString()!);
        using var ben = await town.SignUpAsync("Open Finance", "ben@finance.example.com");
        var upstream = fixture.Upstream.Address.ToString();
        var weather = await town.PublishAsync(ada, Documents.Weather, "Weather", "weather", upstream, "Forecasts and observations for any place, hour by hour", Documents.WeatherPlans);
        town.Weather = weather.GetProperty("id").GetString()!;
        town.WeatherListing = $"/marketplace/{weather.GetProperty("organization").GetProperty("slug").GetString()}/weather";
        await PutAsync(ada, $"/api/apis/{town.Weather}/upstreams", new
        {
            targets = new object[] { new { url = upstream, weight = 3 }, new { url = "http://127.0.0.1:9/spare" } },
            health = new { active = new { path = "/small", interval_seconds = 1, unhealthy_after = 1 } },
        });
        var rates = await town.PublishAsync(ben, Documents.Small("Exchange Rates", "/latest"), "Exchange Rates", "finance", upstream, "Reference rates of 30 central banks, each working day", Documents.RatesPlans);
        foreach (var (name, summary) in new[] { ("Company Register", "Who is behind a company: names, addresses, officers"), ("VAT Check", "Whether a European VAT number is valid, and whose it is") })
            await town.PublishAsync(ben, Documents.Small(name, "/look-up"), name, "finance", upstream, summary, Documents.RatesPlans);
        town.Draft = (await town.ImportAsync(ada, Documents.Broken, "Tide Tables", "weather", upstream, "High and low water")).GetProperty("id").GetString()!;
        var key = await town.SubscribeAsync(ben, town.Weather);
        await town.ReportGridPointsAsync(ada, key.Id);
        var adas = await town.SubscribeAsync(ada, rates.GetProperty("id").GetString()!);
        town.Subscription = adas.Id;
        await town.CallAsync(weather.GetProperty("gateway_url").GetString()!, key.Secret, 6);
        await town.CallAsync(rates.GetProperty("gateway_url").GetString()!, adas.Secret, 14);
        await town.ArrivedAsync(ada, town.Subscription, 14);
        return town;
    }

    public async Task<HttpClient> SignUpAsync(string name, string email)
    {
        var http = RunningProgram.NewClient(_program.Control);
        var (header, origin) = Origins.Next();
        http.DefaultRequestHeaders.Add(header, origin);
        var session = await PostAsync(http, "/auth/register", new { email, password = Password, name });
        http.DefaultRequestHeaders.Authorization = new("Bearer", session.GetProperty("access_token").GetString());
        await _program.VerifyEmailAsync(email, http);
        return http;
    }

    public async Task<JsonElement> PublishAsync(HttpClient http, string document, string name, string category, string upstream, string summary, object[] plans)
    {
        var api = await ImportAsync(http, document, name, category, upstream, summary);
        var path = $"/api/apis/{api.GetProperty("id").GetString()}";
        foreach (var plan in plans)
            await PostAsync(http, path + "/plans", plan);
        return await PostAsync(http, path + "/publish", new { accept_findings = true });
    }

    public Task<JsonElement> ImportAsync(HttpClient http, string document, string name, string category, string upstream, string summary) =>
        PostAsync(http, "/api/apis", new { name, slug = name.ToLowerInvariant().Replace(' ', '-'), upstream_url = upstream, openapi = document, category, summary, description = Documents.About });

    /// <summary>On the API's first plan.</summary>
    public async Task<(string Id, string Secret)> SubscribeAsync(HttpClient http, string api)
    {
        var listings = await GetAsync(http, "/marketplace/discover?limit=100");
        var row = listings.GetProperty("data").EnumerateArray().Single(each => each.GetProperty("api_id").GetString() == api);
        var listing = await GetAsync(http, $"/marketplace/listings/{row.GetProperty("organization").GetProperty("slug").GetString()}/{row.GetProperty("slug").GetString()}");
        var subscription = await PostAsync(http, "/api/subscriptions", new { plan_id = listing.GetProperty("plans")[0].GetProperty("id").GetString() });
        return (subscription.GetProperty("id").GetString()!, subscription.GetProperty("key").GetProperty("secret").GetString()!);
    }

    /// <summary>Of one meter; and another that is out of use.</summary>
    private async Task ReportGridPointsAsync(HttpClient http, string subscription)
    {
        var old = await PostAsync(http, "/api/meters", new { name = "maps.drawn", unit = "map" });
        await PostAsync(http, $"/api/meters/{old.GetProperty("id").GetString()}/archive", new { });
        var meter = await PostAsync(http, "/api/meters", new { name = "grid.points", unit = "point", description = "Points of the grid for which a forecast was computed" });
        (Meter, MeterId) = (meter.GetProperty("name").GetString()!, meter.GetProperty("id").GetString()!);
        var events = new[] { 4_000, 350 }.Select((amount, i) => new { specversion = "1.0", id = $"run-{i}", source = "/forecast", type = Meter, subject = subscription, data = new { amount } });
        using var content = JsonContent.Create(events, new("application/cloudevents-batch+json"), Json.Options);
        using var response = await http.PostAsync("/api/usage/events", content);
        (await ReadAsync(response, "POST /api/usage/events")).GetProperty("accepted").GetInt32().ShouldBe(2);
    }

    /// <summary>So many calls, of which one in seven fails at the upstream.</summary>
    private async Task CallAsync(string gatewayUrl, string secret, int calls)
    {
        using var http = RunningProgram.NewClient(_program.Gateway);
        http.DefaultRequestHeaders.Authorization = new("Bearer", secret);
        for (var i = 1; i <= calls; i++)
            using (await http.GetAsync(new Uri(gatewayUrl.TrimEnd('/') + (i % 7 == 0 ? "/status/503" : "/latest"))))
            {
            }
    }

    private async Task ArrivedAsync(HttpClient http, string subscription, int calls)
    {
        var start = TimeProvider.System.GetTimestamp();
        while ((await GetAsync(http, $"/api/request-log?subscription={subscription}&limit=100")).GetProperty("data").GetArrayLength() < calls)
        {
            TimeProvider.System.GetElapsedTime(start).ShouldBeLessThan(TimeSpan.FromSeconds(60));
            await Task.Delay(100);
        }
    }

    public static async Task<JsonElement> GetAsync(HttpClient http, string path)
    {
        using var response = await http.GetAsync(path);
        return await ReadAsync(response, $"GET {path}");
    }

    private static async Task<JsonElement> PostAsync(HttpClient http, string path, object body)
    {
        using var response = await http.PostAsJsonAsync(path, body, Json.Options);
        return await ReadAsync(response, $"POST {path}");
    }

    private static async Task PutAsync(HttpClient http, string path, object body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, path) { Content = JsonContent.Create(body, options: Json.Options) };
        request.Headers.TryAddWithoutValidation("If-Match", "*");
        using var response = await http.SendAsync(request);
        await ReadAsync(response, $"PUT {path}");
    }

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage response, string what)
    {
        var text = await response.Content.ReadAsStringAsync();
        response.IsSuccessStatusCode.ShouldBeTrue($"{what}: {text}");
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }
}
