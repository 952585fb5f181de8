using Microsoft.Playwright;

namespace Tollgate.Portal.Tests;

/// <summary>Every page opened once at one width, and what was seen there. Several tests ask; it is walked for the first.</summary>
internal sealed class Tour
{
    /// <summary>What axe-core finds, in each theme.</summary>
    public Dictionary<ColorScheme, List<string>> Violations { get; } = new() { [ColorScheme.Light] = [], [ColorScheme.Dark] = [] };

    /// <summary>Pages that are wider than the window.</summary>
    public List<string> Wide { get; } = [];

    /// <summary>Errors, and requests to other places, until the page had settled.</summary>
    public List<string> Complaints { get; } = [];

    /// <summary>Pages whose policy allows other scripts than the origin's files, or that have one inline.</summary>
    public List<string> Lax { get; } = [];

    public int Pages { get; private set; }

    public static async Task<Tour> WalkAsync(PortalFixture fixture, int width)
    {
        var town = await fixture.TownAsync();
        var tour = new Tour();
        await using var visitor = await fixture.VisitAsync(width);
        foreach (var (name, path) in Portal.Tests.Pages.Public(town))
            await tour.LookAsync(visitor, name, path, width);
        await using var ada = await fixture.VisitAsync(width);
        await ada.SignInAsync(Town.Ada);
        foreach (var (name, path) in Portal.Tests.Pages.Desk(town))
        {
            await tour.LookAsync(ada, name, path, width);
            ada.Page.Url.ShouldNotContain("/sign-in", Case.Sensitive, name);
        }
        return tour;
    }

    private async Task LookAsync(Visit visit, string name, string path, int width)
    {
        var response = await visit.OpenAsync(path);
        Pages++;
        Complaints.AddRange(visit.Complaints.Select(each => $"{name}: {each}"));
        if (await visit.Page.EvaluateAsync<int>("document.documentElement.scrollWidth") is var wide && wide > width)
            Wide.Add($"{name} is {wide} wide");
        var headers = await response.AllHeadersAsync();
        var policy = headers.GetValueOrDefault("content-security-policy", "").Split(';', StringSplitOptions.TrimEntries);
        if (!policy.Contains("script-src 'self'") || await visit.Page.Locator("script:not([src])").CountAsync() > 0)
            Lax.Add($"{name}: {string.Join("; ", policy)}");
        foreach (var (theme, violations) in Violations)
        {
            await visit.Page.EmulateMediaAsync(new() { ColorScheme = theme });
            violations.AddRange(await Axe.ViolationsAsync(visit.Page, name));
            await visit.ScreenshotAsync($"{name}-{width}-{theme.ToString().ToLowerInvariant()}");
        }
        await visit.Page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Light });
        visit.Complaints.Clear();
    }
}
