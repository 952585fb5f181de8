using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using Microsoft.Playwright;
using Tollgate.Portal.Tests;
using Tollgate.TestKit;

[assembly: AssemblyFixture(typeof(PortalFixture))]
// While one person waits for the server or the journal, another looks. Accounts and organizations are each test's own; classes that share more are of one collection.
[assembly: CollectionBehavior(MaxParallelThreads = 3)]

namespace Tollgate.Portal.Tests;

/// <summary>The real program with the built portal, an upstream, and Chromium; one of each for all tests.</summary>
public sealed class PortalFixture : IAsyncLifetime
{
    // Milliseconds that anything may take. How long is no matter of these tests; on a busy machine five seconds are few.
    internal const int Longest = 40_000;

    // Chromium's shell without windows has no frame to draw, and no pages of its own for one (docs/decisions/0044-time-of-the-suite.md). Where only the whole is there, that will do.
    private static readonly string Browser = Array.Find(["/usr/bin/chromium-headless-shell", "/usr/bin/chromium"], File.Exists) ?? "chromium-headless-shell is needed: run ./test";

    // The shell would round the width of each letter, which makes pages wider than they are in a window.
    private static readonly string[] BrowserArguments = ["--no-sandbox", "--disable-gpu", "--font-render-hinting=none"];
    private IPlaywright? _playwright;
    private IBrowser? _browser;
    private readonly Lazy<Task<Town>> _town;
    private readonly Lazy<Task<Tour>> _tour;

    public PortalFixture()
    {
        _town = new(() => Town.BuildAsync(this));
        _tour = new(() => Tour.WalkAsync(this));
    }

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
            // Each visitor comes from a place of their own: what one uses up of a limit by address is no other's.
            ["Proxy__Trusted"] = "127.0.0.1,::1",
            ["Identity__Providers__acme__Name"] = "Acme",
            ["Identity__Providers__acme__Issuer"] = Provider.Issuer,
            ["Identity__Providers__acme__ClientId"] = FakeOidcProvider.ClientId,
            ["Identity__Providers__acme__ClientSecret"] = FakeOidcProvider.ClientSecret,
        }, fromNothing: true);
        Assertions.SetDefaultExpectTimeout(Longest);
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = Environment.GetEnvironmentVariable("TOLLGATE_CHROMIUM") ?? Browser,
            Args = BrowserArguments,
        });
    }

    /// <summary>A market with listings, subscriptions and calls, for the pages that are looked at. Made once.</summary>
    internal Task<Town> TownAsync() => _town.Value;

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

    /// <summary>No code of the app that counts was taken yet: one that is refused is not its own.</summary>
    internal async Task ForgetCodesAsync(string email)
    {
        await using var database = await Program.OpenDatabaseAsync();
        await using var command = database.CreateCommand("UPDATE identity.totp SET last_step = 0 WHERE account_id = (SELECT id FROM identity.account WHERE email = $1)");
        command.Parameters.AddWithValue(email);
        (await command.ExecuteNonQueryAsync()).ShouldBe(1);
    }

    /// <summary>As another window of the person does, of which this one knows nothing.</summary>
    internal async Task TurnAppOffAsync(string email)
    {
        await using var database = await Program.OpenDatabaseAsync();
        await using var command = database.CreateCommand("DELETE FROM identity.totp WHERE account_id = (SELECT id FROM identity.account WHERE email = $1)");
        command.Parameters.AddWithValue(email);
        (await command.ExecuteNonQueryAsync()).ShouldBe(1);
    }

    /// <summary>An account, whose address nobody has confirmed yet; nobody is signed in to it.</summary>
    internal async Task RegisterAsync(string name, string email)
    {
        using var elsewhere = RunningProgram.NewClient(Program.Control);
        var (header, origin) = Origins.Next();
        elsewhere.DefaultRequestHeaders.Add(header, origin);
        using var answer = await elsewhere.PostAsJsonAsync("/auth/register", new { name, email, password = Town.Password });
        answer.IsSuccessStatusCode.ShouldBeTrue(await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Every page, looked at once.</summary>
    internal Task<Tour> TourAsync() => _tour.Value;

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
