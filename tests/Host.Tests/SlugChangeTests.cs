using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Tollgate.TestKit;

namespace Tollgate.Host.Tests;

/// <summary>An organization that sells takes another slug, and then another: every address of it in the world leads on, and nobody else gets one of them.</summary>
[Collection(SharedProgram.Name)]
public sealed class SlugChangeTests(SharedProgram shared)
{
    [Fact]
    public async Task EveryAddressUnderAFormerSlug_LeadsToTheNewestOne_AndIsNobodyElses()
    {
        using var market = await Market.OpenAsync(shared.Program, shared.Upstream.Address, Market.Deny("month", 1000));
        var first = new Uri(market.GatewayUrl).Segments[1].Trim('/');
        var (second, third) = ($"{first}-b", $"{first}-c");
        await MarketServesAsync(market, first);

        await RenameAsync(market.Provider, first, second);
        await LeadsAsync(market, [first], second);
        await RenameAsync(market.Provider, second, third);
        await LeadsAsync(market, [first, second], third);
        await StrangerGetsNoneAsync([first, second, third]);

        // A change by a former address reaches the organization, whose method and body are kept by 308.
        using var edit = await market.Provider.PatchAsJsonAsync($"/api/organizations/{first}", new { name = "Renamed" });
        (edit.StatusCode, edit.Headers.Location?.ToString()).ShouldBe((HttpStatusCode.PermanentRedirect, $"/api/organizations/{third}"));
        await RenameAsync(market.Provider, third, first);
        await LeadsAsync(market, [second, third], first);
    }

    private async Task LeadsAsync(Market market, string[] former, string now)
    {
        await MarketServesAsync(market, now);
        using var anybody = RunningProgram.NewClient(shared.Program.Control);
        foreach (var slug in former)
        {
            await MarketServesAsync(market, slug);
            await RedirectsAsync(market.Provider, $"/api/organizations/{slug}", $"/api/organizations/{now}");
            await RedirectsAsync(market.Provider, $"/api/organizations/{slug}/members?limit=5", $"/api/organizations/{now}/members?limit=5");
            await RedirectsAsync(anybody, $"/marketplace/listings/{slug}/test", $"/marketplace/listings/{now}/test");
            await RedirectsAsync(anybody, $"/marketplace/listings/{slug}/test/openapi", $"/marketplace/listings/{now}/test/openapi");
            (await Market.GetAsync(market.Provider, $"/api/apis?organization={slug}")).GetProperty("data")[0].GetProperty("id").GetString().ShouldBe(market.ApiId);
            // The portal's page of it opens, asks for the listing, and goes where that is.
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/marketplace/{slug}/test");
            request.Headers.Accept.ParseAdd("text/html");
            using var page = await anybody.SendAsync(request);
            (page.StatusCode, page.Content.Headers.ContentType?.MediaType).ShouldBe((HttpStatusCode.OK, "text/html"));
        }
        var listing = await Market.GetAsync(anybody, $"/marketplace/listings/{now}/test");
        listing.GetProperty("gateway_url").GetString().ShouldBe($"{shared.Program.Gateway.ToString().TrimEnd('/')}/{now}/test");
    }

    private async Task StrangerGetsNoneAsync(string[] slugs)
    {
        using var eve = RunningProgram.NewClient(shared.Program.Control);
        // The personal organization is named after its person; one who is called like the slug gets another.
        var session = await Market.PostAsync(eve, "/auth/register", new { email = $"eve-{slugs[0]}@example.com", password = "correct horse battery", name = slugs[0] });
        eve.DefaultRequestHeaders.Authorization = new("Bearer", session.GetProperty("access_token").GetString());
        var own = session.GetProperty("organization").GetProperty("slug").GetString()!;
        slugs.ShouldNotContain(own);
        foreach (var slug in slugs)
        {
            await RefusedAsync(await eve.PostAsJsonAsync("/api/organizations", new { name = "Mine", slug }), 409, "ORGANIZATION_SLUG_TAKEN");
            await RefusedAsync(await eve.PatchAsJsonAsync($"/api/organizations/{own}", new { slug }), 409, "ORGANIZATION_SLUG_TAKEN");
            await RefusedAsync(await eve.GetAsync($"/api/organizations/{slug}"), 404, "NOT_FOUND");
        }
    }

    private async Task MarketServesAsync(Market market, string slug)
    {
        using var http = RunningProgram.NewClient(shared.Program.Gateway);
        for (var tries = 0; ; tries++)
        {
            using var request = market.Call("/small");
            request.RequestUri = new Uri(shared.Program.Gateway, $"/{slug}/test/small");
            using var response = await http.SendAsync(request);
            if (response.StatusCode == HttpStatusCode.OK)
                return;
            tries.ShouldBeLessThan(3_000, $"/{slug}/test answers {(int)response.StatusCode}");
            await Task.Delay(20);
        }
    }

    private static async Task RenameAsync(HttpClient owner, string from, string to)
    {
        using var response = await owner.PatchAsJsonAsync($"/api/organizations/{from}", new { slug = to });
        response.StatusCode.ShouldBe(HttpStatusCode.OK, await response.Content.ReadAsStringAsync());
    }

    private static async Task RedirectsAsync(HttpClient client, string from, string to)
    {
        using var response = await client.GetAsync(from);
        (response.StatusCode, response.Headers.Location?.ToString()).ShouldBe((HttpStatusCode.PermanentRedirect, to), from);
    }

    private static async Task RefusedAsync(HttpResponseMessage answer, int status, string code)
    {
        using var response = answer;
        var body = await response.Content.ReadFromJsonAsync<JsonElement>();
        ((int)response.StatusCode, body.GetProperty("code").GetString()).ShouldBe((status, code), body.ToString());
    }
}
