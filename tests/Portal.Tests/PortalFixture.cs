using System.Runtime.CompilerServices;
using Microsoft.Playwright;
using Tollgate.Portal.Tests;
using Tollgate.TestKit;

[assembly: AssemblyFixture(typeof(PortalFixture))]
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Tollgate.Portal.Tests;

/// <summary>The real program with the built portal, an upstream, and Chromium; one of each for all tests.</summary>
public sealed class PortalFixture : IAsyncLifetime
{
    private static readonly string[] BrowserArguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
    private IPlaywright? _playwright;
    private IBrowser? _browser;
    private readonly Dictionary<int, Task<Tour>> _tours = [];
    private Town? _town;

    public RunningProgram Program { get; private set; } = null!;

    public FakeUpstream Upstream { get; private set; } = null!;

    public FakeOidcProvider Provider { get; private set; } = null!;

    internal static string Repository { get; } = FindRepository();

    public async ValueTask InitializeAsync()
    {
        var portal = Path.Combine(Repository, "portal", "dist");
        if (!File.Exists(Path.Combine(portal, "index.html")))
            throw new InvalidOperationException($"The portal is not built ({portal} has no index.html): run ./test");
        Upstream = await FakeUpstream.StartAsync();
        Provider = await FakeOidcProvider.StartAsync();
        Program = await RunningProgram.StartAsync(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Portal__Directory"] = portal,
            ["Identity__Providers__acme__Name"] = "Acme",
            ["Identity__Providers__acme__Issuer"] = Provider.Issuer,
            ["Identity__Providers__acme__ClientId"] = FakeOidcProvider.ClientId,
            ["Identity__Providers__acme__ClientSecret"] = FakeOidcProvider.ClientSecret,
        }, fromNothing: true);
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = Environment.GetEnvironmentVariable("TOLLGATE_CHROMIUM") ?? "/usr/bin/chromium",
            Args = BrowserArguments,
        });
    }

    /// <summary>A market with listings, subscriptions and calls, for the pages that are looked at. Made once.</summary>
    internal async Task<Town> TownAsync() => _town ??= await Town.BuildAsync(this);

    /// <summary>As if all sessions of this account had begun a quarter of an hour ago: what is dangerous asks again who is there.</summary>
    internal async Task AgeSessionsAsync(string email)
    {
        await using var database = await Program.OpenDatabaseAsync();
        await using var command = database.CreateCommand("""
            UPDATE identity.session SET created_at = created_at - interval '15 minutes', authenticated_at = NULL
            WHERE account_id = (SELECT id FROM identity.account WHERE email = $1)
            """);
        command.Parameters.AddWithValue(email);
        (await command.ExecuteNonQueryAsync()).ShouldBeGreaterThan(0);
    }

    /// <summary>Every page at this width, looked at once.</summary>
    internal Task<Tour> TourAsync(int width) => _tours.TryGetValue(width, out var tour) ? tour : _tours[width] = Tour.WalkAsync(this, width);

    /// <summary>By the name of this machine: browsers make passkeys for names, not for addresses.</summary>
    internal Task<Visit> VisitByNameAsync() => Visit.BeginAsync(_browser!, new UriBuilder(Program.Control) { Host = "localhost" }.Uri, 1280, ColorScheme.Light);

    internal Task<Visit> VisitAsync(int width = 1280, ColorScheme theme = ColorScheme.Light) => Visit.BeginAsync(_browser!, Program.Control, width, theme);

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
        if (Program is not null)
            await Program.DisposeAsync();
        if (Upstream is not null)
            await Upstream.DisposeAsync();
        if (Provider is not null)
            await Provider.DisposeAsync();
    }

    private static string FindRepository([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", ".."));
}
