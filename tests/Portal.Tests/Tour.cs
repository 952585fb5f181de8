using Microsoft.Playwright;

namespace Tollgate.Portal.Tests;

/// <summary>All pages, opened once and looked at as <see cref="Visit.SeeAsync"/> does; with pictures, for somebody to look at.</summary>
internal sealed class Tour
{
    private readonly Lock _notes = new();

    public List<Sight> Sights { get; } = [];

    /// <summary>Errors, and requests to other places, until the page had settled.</summary>
    public List<string> Complaints { get; } = [];

    /// <summary>Pages whose policy allows other scripts than the origin's files, or that have one inline.</summary>
    public List<string> Lax { get; } = [];

    public int Pages { get; private set; }

    /// <summary>By three people at once: while one waits for the server, another looks.</summary>
    public static async Task<Tour> WalkAsync(PortalFixture fixture)
    {
        var town = await fixture.TownAsync();
        var tour = new Tour();
        var desk = Portal.Tests.Pages.Desk(town).Chunk((Portal.Tests.Pages.Desk(town).Count + 1) / 2).ToArray();
        await Task.WhenAll(tour.StrangersAsync(fixture, town), tour.AdaAsync(fixture, desk[0]), tour.AdaAsync(fixture, desk[1]));
        return tour;
    }

    private async Task StrangersAsync(PortalFixture fixture, Town town)
    {
        await using var visitor = await fixture.VisitAsync();
        foreach (var (name, path) in Portal.Tests.Pages.Public(town))
            await LookAsync(visitor, name, path);
        using var account = await town.SignUpAsync("New Here", "new.here@example.com");
        await using var newcomer = await fixture.VisitAsync();
        await newcomer.SignInAsync("new.here@example.com");
        foreach (var (name, path) in Portal.Tests.Pages.Newcomer)
            await LookAtDeskAsync(newcomer, name, path);
    }

    private async Task AdaAsync(PortalFixture fixture, IEnumerable<(string Name, string Path)> pages)
    {
        await using var ada = await fixture.VisitAsync();
        await ada.SignInAsync(Town.Ada);
        foreach (var (name, path) in pages)
            await LookAtDeskAsync(ada, name, path);
    }

    private async Task LookAtDeskAsync(Visit visit, string name, string path)
    {
        await LookAsync(visit, name, path);
        visit.Page.Url.ShouldNotContain("/sign-in", Case.Sensitive, name);
    }

    private async Task LookAsync(Visit visit, string name, string path)
    {
        var response = await visit.OpenAsync(path);
        var complaints = visit.Complaints.Select(each => $"{name}: {each}").ToArray();
        var headers = await response.AllHeadersAsync();
        var policy = headers.GetValueOrDefault("content-security-policy", "").Split(';', StringSplitOptions.TrimEntries);
        var lax = !policy.Contains("script-src 'self'") || await visit.Page.Locator("script:not([src])").CountAsync() > 0;
        var sights = await visit.SeeAsync(name, whole: true);
        visit.Complaints.Clear();
        lock (_notes)
        {
            Pages++;
            Complaints.AddRange(complaints);
            Sights.AddRange(sights);
            if (lax)
                Lax.Add($"{name}: {string.Join("; ", policy)}");
        }
    }
}
