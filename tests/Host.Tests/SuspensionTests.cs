using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Tollgate.TestKit;

namespace Tollgate.Host.Tests;

/// <summary>An operator suspends an organization on the real program: who sells is not served, who buys is not let through, and both are as before once it is lifted.</summary>
[Collection(SharedProgram.Name)]
public sealed class SuspensionTests(SharedProgram shared) : IAsyncLifetime
{
    private readonly HttpClient _operator = RunningProgram.NewClient(shared.Program.Control);
    private readonly HttpClient _gateway = RunningProgram.NewClient(shared.Program.Gateway);

    public async ValueTask InitializeAsync()
    {
        var email = $"operator-{Guid.CreateVersion7():n}@example.com";
        var session = await Market.PostAsync(_operator, "/auth/register", new { email, password = "correct horse battery", name = "Operator" });
        _operator.DefaultRequestHeaders.Authorization = new("Bearer", session.GetProperty("access_token").GetString());
        await shared.Program.VerifyEmailAsync(email, _operator);
        var (exitCode, output) = await shared.Program.CommandAsync("seed", "--email", email);
        exitCode.ShouldBe(0, output);
    }

    public ValueTask DisposeAsync()
    {
        _operator.Dispose();
        _gateway.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact(Timeout = 120_000)]
    public async Task Provider_Suspended_IsNotServedNorSold_AndItsStreamsEnd_UntilItIsLifted()
    {
        using var market = await Market.OpenAsync(shared.Program, shared.Upstream.Address, Market.Deny("minute", 1000));
        var organization = await PersonalAsync(market.Provider);
        (await CallAsync(market)).ShouldBe((200, null));
        using var stream = await _gateway.SendAsync(market.Call("/stream?events=100000"), HttpCompletionOption.ResponseHeadersRead);
        stream.StatusCode.ShouldBe(HttpStatusCode.OK);

        await ActAsync(organization, "suspend", new { reason = "Sells what is not theirs." });

        (await CallAsync(market)).ShouldBe((404, "API_NOT_FOUND"));
        await EndedAsync(stream);
        (await ListedAsync(market)).ShouldBeFalse();
        (await SuspendedAsync(market)).ShouldBe((false, true));
        (await RefusedAsync(market.Provider, HttpMethod.Post, $"/api/apis/{market.ApiId}/unpublish")).ShouldBe((403, "ORGANIZATION_SUSPENDED"));
        var seen = await Market.GetAsync(market.Provider, $"/api/organizations/{organization}");
        seen.GetProperty("suspension").GetProperty("reason").GetString().ShouldBe("Sells what is not theirs.");

        await ActAsync(organization, "unsuspend");

        (await CallAsync(market)).ShouldBe((200, null));
        (await ListedAsync(market)).ShouldBeTrue();
        (await Market.GetAsync(market.Provider, $"/api/organizations/{organization}")).GetProperty("suspension").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Fact(Timeout = 120_000)]
    public async Task Consumer_Suspended_IsNotLetThrough_AndSubscribesToNothing_UntilItIsLifted()
    {
        using var market = await Market.OpenAsync(shared.Program, shared.Upstream.Address, Market.Deny("minute", 1000));
        using var other = await Market.OpenAsync(shared.Program, shared.Upstream.Address, Market.Deny("minute", 1000));
        var organization = await PersonalAsync(market.Consumer);
        var plan = (await Market.GetAsync(other.Consumer, $"/api/subscriptions/{other.SubscriptionId}")).GetProperty("plan").GetProperty("id").GetString();
        (await CallAsync(market)).ShouldBe((200, null));

        await ActAsync(organization, "suspend", new { reason = "Does not pay." });
        await ActAsync(organization, "suspend", new { reason = "A second time changes nothing." });

        (await CallAsync(market)).ShouldBe((403, "SUBSCRIPTION_INACTIVE"));
        (await SuspendedAsync(market)).ShouldBe((true, false));
        (await CallAsync(other)).ShouldBe((200, null));
        (await RefusedAsync(market.Consumer, HttpMethod.Post, "/api/subscriptions", new { plan_id = plan })).ShouldBe((403, "ORGANIZATION_SUSPENDED"));
        // What it pays for it may end, and a key that leaked it may revoke.
        (await RefusedAsync(market.Consumer, HttpMethod.Post, $"/api/subscriptions/{market.SubscriptionId}/keys", new { name = "Next" })).Status.ShouldBe(201);

        await ActAsync(organization, "unsuspend");

        (await SuspendedAsync(market)).ShouldBe((false, false));
        (await CallAsync(market)).ShouldBe((200, null));
        (await RefusedAsync(market.Consumer, HttpMethod.Post, "/api/subscriptions", new { plan_id = plan })).Status.ShouldBe(201);
    }

    /// <summary>What the consumer's list and page of the subscription say: of its own organization, and of the provider.</summary>
    private static async Task<(bool Own, bool Provider)> SuspendedAsync(Market market)
    {
        var page = await Market.GetAsync(market.Consumer, $"/api/subscriptions/{market.SubscriptionId}");
        var listed = (await Market.GetAsync(market.Consumer, "/api/subscriptions")).GetProperty("data").EnumerateArray().Single(one => one.GetProperty("id").GetString() == page.GetProperty("id").GetString());
        var said = (page.GetProperty("suspended").GetBoolean(), page.GetProperty("product").GetProperty("suspended").GetBoolean());
        (listed.GetProperty("suspended").GetBoolean(), listed.GetProperty("product").GetProperty("suspended").GetBoolean()).ShouldBe(said);
        return said;
    }

    private static async Task<string> PersonalAsync(HttpClient http) => (await Market.GetAsync(http, "/me")).GetProperty("organizations")[0].GetProperty("id").GetString()!;

    private async Task ActAsync(string organization, string act, object? body = null)
    {
        using var response = await _operator.PostAsJsonAsync($"/api/admin/organizations/{organization}/{act}", body ?? new { });
        response.StatusCode.ShouldBe(HttpStatusCode.NoContent, await response.Content.ReadAsStringAsync());
    }

    private async Task<(int Status, string? Code)> CallAsync(Market market)
    {
        using var response = await _gateway.SendAsync(market.Call("/small"));
        return await ReadAsync(response);
    }

    private static async Task<(int Status, string? Code)> RefusedAsync(HttpClient http, HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = JsonContent.Create(body ?? new { }) };
        using var response = await http.SendAsync(request);
        return await ReadAsync(response);
    }

    private static async Task<(int Status, string? Code)> ReadAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync();
        return ((int)response.StatusCode, response.IsSuccessStatusCode ? null : JsonDocument.Parse(text).RootElement.GetProperty("code").GetString());
    }

    private static async Task EndedAsync(HttpResponseMessage stream)
    {
        await using var body = await stream.Content.ReadAsStreamAsync();
        try
        {
            var buffer = new byte[4096];
            while (await body.ReadAsync(buffer) > 0)
            {
            }
        }
        catch (IOException)
        {
            // Cut off: that is its end.
        }
    }

    private async Task<bool> ListedAsync(Market market)
    {
        var listings = await Market.GetAsync(_operator, "/marketplace/discover?limit=100");
        return listings.GetProperty("data").EnumerateArray().Any(each => each.GetProperty("api_id").GetString() == market.ApiId);
    }
}
