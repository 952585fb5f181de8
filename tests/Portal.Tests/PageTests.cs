using Microsoft.Playwright;

namespace Tollgate.Portal.Tests;

/// <summary>What holds for every page, in both themes, on a desk and in a hand.</summary>
public sealed class PageTests(PortalFixture fixture)
{
    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(1280, ColorScheme.Dark)]
    [InlineData(390, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task EveryPage_HasNoSeriousOrCriticalViolation(int width, ColorScheme theme)
    {
        var violations = new List<string>();
        await TourAsync(width, theme, async (visit, name, _) =>
        {
            violations.AddRange(await Axe.ViolationsAsync(visit.Page, name));
            await visit.ScreenshotAsync($"{name}-{width}-{theme.ToString().ToLowerInvariant()}");
        });
        violations.ShouldBeEmpty();
    }

    [Fact]
    public async Task EveryPage_At390_DoesNotScrollSideways()
    {
        var wide = new List<string>();
        await TourAsync(390, ColorScheme.Light, async (visit, name, _) =>
        {
            var width = await visit.Page.EvaluateAsync<int>("document.documentElement.scrollWidth");
            if (width > 390)
                wide.Add($"{name} is {width} wide");
        });
        wide.ShouldBeEmpty();
    }

    [Fact]
    public async Task EveryPage_LoadsOnlyFromItsOwnOrigin_WithoutErrors_UnderAPolicyThatAllowsNoInlineScript()
    {
        var complaints = new List<string>();
        await TourAsync(1280, ColorScheme.Light, async (visit, name, response) =>
        {
            var headers = await response.AllHeadersAsync();
            headers.ShouldContainKey("content-security-policy", name);
            var scripts = headers["content-security-policy"].Split(';', StringSplitOptions.TrimEntries).Single(part => part.StartsWith("script-src", StringComparison.Ordinal));
            scripts.ShouldBe("script-src 'self'");
            (await visit.Page.Locator("script:not([src])").CountAsync()).ShouldBe(0, name);
            complaints.AddRange(visit.Complaints.Select(each => $"{name}: {each}"));
            visit.Complaints.Clear();
        });
        complaints.ShouldBeEmpty();
    }

    private async Task TourAsync(int width, ColorScheme theme, Func<Visit, string, IResponse, Task> look)
    {
        var town = await fixture.TownAsync();
        await using var visitor = await fixture.VisitAsync(width, theme);
        foreach (var (name, path) in Pages.Public(town))
            await look(visitor, name, await visitor.OpenAsync(path));
        await using var ada = await fixture.VisitAsync(width, theme);
        await ada.SignInAsync(Town.Ada);
        foreach (var (name, path) in Pages.Desk(town))
        {
            var response = await ada.OpenAsync(path);
            ada.Page.Url.ShouldNotContain("/sign-in", Case.Sensitive, name);
            await look(ada, name, response);
        }
    }
}
