using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Tollgate.Portal.Tests;

/// <summary>A provider sees how its servers are, and adds and removes one.</summary>
public sealed class UpstreamTests(PortalFixture fixture)
{
    [Fact]
    public async Task Settings_ShowWhichUpstreamIsWell()
    {
        var town = await fixture.TownAsync();
        await using var visit = await fixture.VisitAsync();
        await visit.SignInAsync(Town.Ada);
        await visit.OpenAsync($"/apis/{town.Weather}?view=settings");

        await Expect(Upstream(visit, 1)).ToContainTextAsync("Healthy");
        await visit.UntilShownAsync(Upstream(visit, 2).GetByText("Unhealthy"));
        await Expect(Upstream(visit, 2)).ToContainTextAsync("not connected");
    }

    [Fact]
    public async Task Provider_AddsAnUpstreamAndTakesItAway()
    {
        var town = await fixture.TownAsync();
        using var provider = await town.SignUpAsync("Two Houses", "two.houses@example.com");
        var api = await town.ImportAsync(provider, Documents.Small("Houses", "/look"), "Houses", "closed", fixture.Upstream.Address.ToString(), "It has two servers");
        await using var visit = await fixture.VisitAsync();
        await visit.SignInAsync("two.houses@example.com");
        await visit.OpenAsync($"/apis/{api.GetProperty("id").GetString()}?view=settings");

        // Alone it has no weight to give.
        await Expect(Upstream(visit, 1).GetByLabel("Weight")).ToHaveCountAsync(0);
        await visit.ClickAsync("Add an upstream");
        await Upstream(visit, 2).GetByLabel("Address").FillAsync("ftp://spare.example.com");
        await Upstream(visit, 2).GetByLabel("Weight").FillAsync("1000");
        await visit.ClickAsync("Save upstreams");
        await Expect(Upstream(visit, 2)).ToContainTextAsync("begins with https://");
        await Expect(Upstream(visit, 2)).ToContainTextAsync("between 1 and 100");
        await visit.ScreenshotAsync("upstreams-refused");

        await Upstream(visit, 2).GetByLabel("Address").FillAsync("https://spare.example.com/v1");
        await Upstream(visit, 2).GetByLabel("Weight").FillAsync("2");
        await visit.Page.GetByLabel("Each call goes").SelectOptionAsync("least_requests");
        await visit.Page.GetByLabel("Ask each upstream whether it is well").CheckAsync();
        await visit.Page.GetByLabel("Path").FillAsync("/up");
        await visit.ClickAsync("Save upstreams");
        await visit.SaysAsync("The upstreams are saved.");
        await visit.Page.ReloadAsync();
        await visit.SettledAsync();
        await Expect(Upstream(visit, 2).GetByLabel("Address")).ToHaveValueAsync("https://spare.example.com/v1");
        await Expect(Upstream(visit, 2).GetByLabel("Weight")).ToHaveValueAsync("2");
        await Expect(Upstream(visit, 2)).ToContainTextAsync("Not served yet");
        await Expect(visit.Page.GetByLabel("Each call goes")).ToHaveValueAsync("least_requests");
        await Expect(visit.Page.GetByLabel("Path")).ToHaveValueAsync("/up");

        await visit.ClickAsync("Remove upstream 1");
        await visit.ClickAsync("Save upstreams");
        await visit.SaysAsync("The upstreams are saved.");
        await Expect(Upstream(visit, 1)).ToContainTextAsync("Not served yet");
        await visit.Page.ReloadAsync();
        await visit.SettledAsync();
        await Expect(Upstream(visit, 1).GetByLabel("Address")).ToHaveValueAsync("https://spare.example.com/v1");
        await Expect(Upstream(visit, 2)).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task UpstreamThatWasWrong_TakesItsErrorWithIt()
    {
        var town = await fixture.TownAsync();
        using var provider = await town.SignUpAsync("One House", "one.house@example.com");
        var api = await town.ImportAsync(provider, Documents.Small("House", "/look"), "House", "closed", fixture.Upstream.Address.ToString(), "It has one server");
        await using var visit = await fixture.VisitAsync();
        await visit.SignInAsync("one.house@example.com");
        await visit.OpenAsync($"/apis/{api.GetProperty("id").GetString()}?view=settings");
        await visit.ClickAsync("Add an upstream");
        await visit.ClickAsync("Save upstreams");
        await Expect(Upstream(visit, 2)).ToContainTextAsync("This field is required.");
        await visit.ClickAsync("Remove upstream 2");
        await Expect(Upstream(visit, 2)).ToHaveCountAsync(0);
        await Expect(visit.Page.GetByRole(AriaRole.Alert)).ToHaveCountAsync(0);
        await visit.ClickAsync("Save upstreams");
        await visit.SaysAsync("The upstreams are saved.");
    }

    private static ILocator Upstream(Visit visit, int number) => visit.Page.GetByRole(AriaRole.Group, new() { Name = $"Upstream {number}", Exact = true });
}
