using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Tollgate.Portal.Tests;

/// <summary>One person at one browser, with cookies of their own. It keeps what went wrong on the way: console errors, faults of scripts, requests to other places.</summary>
internal sealed class Visit : IAsyncDisposable
{
    // A note is gone after five seconds, which a busy machine may need to look for it.
    private const string KeepsNotes = """
        window.notes = [];
        new MutationObserver(() => {
          for (const note of document.querySelectorAll("[role=region][aria-label^=Notifications] li"))
            if (note.getClientRects().length > 0) window.notes.push(note.innerText);
        }).observe(document, { childList: true, subtree: true });
        """;

    private readonly Uri _control;

    private Visit(Uri control, IBrowserContext context, IPage page)
    {
        _control = control;
        Context = context;
        Page = page;
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
                Complaints.Enqueue($"console {message.Type}: {message.Text} ({message.Location})");
        };
        page.PageError += (_, fault) => Complaints.Enqueue($"script: {fault}");
        context.Request += (_, request) =>
        {
            var address = new Uri(request.Url);
            if (address.Scheme is not ("data" or "blob") && address.Authority != control.Authority)
                Complaints.Enqueue($"request to {request.Url}");
        };
    }

    public IBrowserContext Context { get; }

    public IPage Page { get; }

    public ConcurrentQueue<string> Complaints { get; } = new();

    public ILocator Heading => Page.GetByRole(AriaRole.Heading, new() { Level = 1 });

    public static async Task<Visit> BeginAsync(IBrowser browser, Uri control, int width, ColorScheme theme)
    {
        var context = await browser.NewContextAsync(new()
        {
            BaseURL = control.ToString(),
            ViewportSize = new() { Width = width, Height = 900 },
            ColorScheme = theme,
            ReducedMotion = ReducedMotion.Reduce,
            Locale = "en-US",
            TimezoneId = "UTC",
            ExtraHTTPHeaders = [Origins.Next()],
        });
        context.SetDefaultTimeout(PortalFixture.Longest);
        await context.AddInitScriptAsync(KeepsNotes);
        return new(control, context, await context.NewPageAsync());
    }

    /// <summary>Opens a page and waits until it has its title and nothing is loading any more.</summary>
    public async Task<IResponse> OpenAsync(string path)
    {
        var response = await Page.GotoAsync(path);
        await SettledAsync();
        return response!;
    }

    /// <summary>A note has said this at the foot of the window since the page was loaded. What reads the page aloud, which has the same words elsewhere for a second, does not count.</summary>
    public Task SaysAsync(string note) => Page.WaitForFunctionAsync("note => window.notes.some(said => said.includes(note))", note);

    public async Task SettledAsync()
    {
        await Expect(Heading).ToBeVisibleAsync();
        await Expect(Page.GetByRole(AriaRole.Status, new() { Name = "Loading" })).ToHaveCountAsync(0);
    }

    /// <summary>Reads the page anew until it shows this: for what arrives with the next flush of the journal.</summary>
    public async Task UntilShownAsync(ILocator locator)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!await locator.IsVisibleAsync())
        {
            if (TimeProvider.System.GetElapsedTime(start) > TimeSpan.FromSeconds(60))
                throw new TimeoutException($"{Page.Url} did not come to show {locator}. It shows:\n{await Page.Locator("body").InnerTextAsync()}");
            await Page.ReloadAsync();
            await SettledAsync();
        }
    }

    public async Task SignUpAsync(string name, string email)
    {
        if (!Page.Url.Contains("/sign-up", StringComparison.Ordinal))
            await OpenAsync("/sign-up");
        await Page.GetByLabel("Name").FillAsync(name);
        await Page.GetByLabel("E-mail").FillAsync(email);
        await Page.GetByLabel("Password").FillAsync(Town.Password);
        await ClickAsync("Create account");
        await Expect(Page.GetByRole(AriaRole.Button, new() { Name = $"Account of {name}" })).ToBeVisibleAsync();
    }

    /// <summary>Signed in, with the cookies that the portal gets, but without the form.</summary>
    public Task SignInAsync(string email) => SendAsync("/auth/login", 200, new { email, password = Town.Password });

    /// <summary>With a new account, whose address nobody has confirmed yet, and signed in as <see cref="SignInAsync"/> does.</summary>
    public Task RegisterAsync(string name, string email) => SendAsync("/auth/register", 201, new { name, email, password = Town.Password });

    private async Task SendAsync(string path, int status, object body)
    {
        var answer = await Context.APIRequest.PostAsync(path, new() { Headers = [KeyValuePair.Create("Tollgate-Session", "cookie")], DataObject = body });
        answer.Status.ShouldBe(status, await answer.TextAsync());
    }

    /// <summary>The page of one of several organizations.</summary>
    public async Task ForOrganizationAsync(string name)
    {
        await OpenAsync("/organization");
        await SwitchAsync(name);
        await Expect(Heading).ToContainTextAsync(name);
    }

    /// <summary>The same on the page that is open.</summary>
    public async Task SwitchAsync(string name)
    {
        await Page.GetByRole(AriaRole.Button, new() { NameRegex = new("^Organization:") }).ClickAsync();
        await Page.GetByRole(AriaRole.Menuitemradio, new() { NameRegex = new(name) }).ClickAsync();
    }

    public async Task SignOutAsync()
    {
        await Page.GetByRole(AriaRole.Button, new() { NameRegex = new("^Account of ") }).ClickAsync();
        await Page.GetByRole(AriaRole.Menuitem, new() { Name = "Sign out" }).ClickAsync();
        await Expect(Page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("/marketplace$"));
        await Expect(Page.GetByRole(AriaRole.Link, new() { Name = "Sign in" })).ToBeVisibleAsync();
    }

    public Task ClickAsync(string button) => Page.GetByRole(AriaRole.Button, new() { Name = button, Exact = true }).ClickAsync();

    public Task FollowAsync(string link) => Page.GetByRole(AriaRole.Link, new() { Name = link, Exact = true }).ClickAsync();

    /// <summary>For somebody to look at; nothing is compared.</summary>
    public async Task ScreenshotAsync(string name, bool whole = true)
    {
        var folder = Path.Combine(PortalFixture.Repository, "artifacts", "screenshots");
        Directory.CreateDirectory(folder);
        await Page.ScreenshotAsync(new() { Path = Path.Combine(folder, name + ".png"), FullPage = whole });
    }

    /// <summary>What is open now is no wider than the window, and axe-core has nothing serious against it: see <see cref="SeeAsync"/>.</summary>
    public async Task LookAsync(string name, bool whole = true)
    {
        foreach (var sight in await SeeAsync(name, whole))
        {
            sight.Wide.ShouldBeLessThanOrEqualTo(sight.Width, name);
            sight.Violations.ShouldBeEmpty();
        }
    }

    /// <summary>What is open now, on a desk and in a hand, in both themes. With pictures, for somebody to look at.</summary>
    public async Task<IReadOnlyList<Sight>> SeeAsync(string name, bool whole)
    {
        var before = Page.ViewportSize!;
        var sights = new List<Sight>();
        foreach (var width in new[] { 1280, 390 })
        {
            await Page.SetViewportSizeAsync(width, before.Height);
            var wide = await Page.EvaluateAsync<int>("document.documentElement.scrollWidth");
            foreach (var theme in new[] { ColorScheme.Light, ColorScheme.Dark })
            {
                await Page.EmulateMediaAsync(new() { ColorScheme = theme });
                // A theme changes colours and nothing else: what is no matter of colours is the same in the second.
                var violations = await Axe.ViolationsAsync(Page, $"{name} at {width}, {theme}", coloursOnly: theme == ColorScheme.Dark);
                sights.Add(new(name, width, theme, wide, violations));
                await ScreenshotAsync($"{name}-{width}-{theme.ToString().ToLowerInvariant()}", whole);
            }
        }
        await Page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Light });
        await Page.SetViewportSizeAsync(before.Width, before.Height);
        return sights;
    }

    public async Task<JsonElement> EvaluateAsync(string script) => (await Page.EvaluateAsync<JsonElement?>(script))!.Value;

    public async ValueTask DisposeAsync() => await Context.DisposeAsync();
}
