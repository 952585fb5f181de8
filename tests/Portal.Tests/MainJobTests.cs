using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Tollgate.TestKit;
using static Microsoft.Playwright.Assertions;

namespace Tollgate.Portal.Tests;

/// <summary>From a document to money, as the people do it: one imports, prices and publishes; another finds, subscribes and calls; both see the same numbers.</summary>
public sealed class MainJobTests(PortalFixture fixture)
{
    private const string Provider = "harbour.office@example.com";

    [Fact]
    public async Task ProviderPublishes_ConsumerSubscribesAndCalls_BothSeeItAndTheRevokedKeyIsRefused()
    {
        await using var provider = await fixture.VisitAsync();
        await PublishAsync(provider);
        await provider.SignOutAsync();

        await using var consumer = await fixture.VisitAsync();
        var (secret, address) = await SubscribeAsync(consumer);
        using var http = RunningProgram.NewClient(fixture.Program.Gateway);
        for (var i = 0; i < 3; i++)
            using (var answer = await CallAsync(http, address, secret))
                answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
        await Expect(consumer.Page.GetByText("Your call arrived:")).ToBeVisibleAsync();
        await consumer.ScreenshotAsync("ticket-arrived");
        await consumer.FollowAsync("Go to the subscription");
        await SeesThreeCallsAndInvoiceAsync(consumer, secret);
        await RevokeAsync(consumer);
        await RefusedAsync(http, address, secret);

        await SeesUsageAsync(provider);
        provider.Complaints.ShouldBeEmpty();
        consumer.Complaints.ShouldBeEmpty();
    }

    private async Task PublishAsync(Visit visit)
    {
        await visit.SignUpAsync("Harbour Office", Provider);
        await fixture.Program.VerifyEmailAsync(Provider, Town.Password);
        await Expect(visit.Page.GetByText("You are not subscribed to anything yet")).ToBeVisibleAsync();
        await visit.FollowAsync("My APIs");
        await visit.FollowAsync("Import an API");
        await visit.Page.GetByLabel("OpenAPI document").FillAsync(Documents.Broken);
        await Expect(visit.Page.GetByLabel("Name", new() { Exact = true })).ToHaveValueAsync("Tide Tables");
        await visit.Page.GetByLabel("Upstream address").FillAsync(fixture.Upstream.Address.ToString());
        await visit.Page.GetByLabel("Summary").FillAsync("High and low water of every port");
        await visit.Page.GetByLabel("Category").SelectOptionAsync("weather");
        await visit.ClickAsync("Import API");
        await Expect(visit.Page.GetByRole(AriaRole.Heading, new() { NameRegex = new("^1 error.* in the document$") })).ToBeVisibleAsync();
        var finding = visit.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = "#/components/schemas/Tide" }).Filter(new() { HasText = "Error" });
        await Expect(finding.GetByRole(AriaRole.Cell, new() { Name = $"{Documents.BrokenLine}", Exact = true })).ToBeVisibleAsync();
        await Expect(visit.Page.GetByRole(AriaRole.Button, new() { Name = "Publish API" })).ToBeDisabledAsync();

        await visit.FollowAsync("Add a plan");
        await AddPlanAsync(visit);
        await visit.FollowAsync("Go on to publish");
        await visit.Page.GetByRole(AriaRole.Checkbox).CheckAsync();
        await visit.ScreenshotAsync("way-to-catalog");
        await visit.ClickAsync("Publish API");
        await Expect(visit.Page.GetByRole(AriaRole.Heading, new() { Name = "It answers here" })).ToBeVisibleAsync();
    }

    private static async Task AddPlanAsync(Visit visit)
    {
        await visit.ClickAsync("Add a plan");
        var dialog = visit.Page.GetByRole(AriaRole.Dialog, new() { Name = "Add a plan" });
        await dialog.GetByLabel("Plan name").FillAsync("Pilot");
        await dialog.GetByLabel("Price", new() { Exact = true }).FillAsync("10.00");
        var first = dialog.GetByRole(AriaRole.Group, new() { Name = "Allowance 1" });
        await first.GetByLabel("Amount").FillAsync("1000");
        await first.GetByLabel("Each", new() { Exact = true }).SelectOptionAsync("minute");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Add an allowance" }).ClickAsync();
        var second = dialog.GetByRole(AriaRole.Group, new() { Name = "Allowance 2" });
        await second.GetByLabel("Amount").FillAsync("2");
        await second.GetByLabel("Each", new() { Exact = true }).SelectOptionAsync("billing_period");
        await second.GetByLabel("Past it").SelectOptionAsync("charge");
        await second.GetByLabel("Price each").FillAsync("0.5");
        await Axe.AssertFineAsync(visit.Page, "plan editor");
        await visit.ScreenshotAsync("plan-editor", whole: false);
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Save plan" }).ClickAsync();
        await Expect(dialog).ToHaveCountAsync(0);
        await Expect(visit.Page.GetByRole(AriaRole.Button, new() { Name = "Edit plan Pilot" })).ToBeVisibleAsync();
    }

    /// <summary>A visitor finds it, is led through the door, and comes back to where they were.</summary>
    private static async Task<(string Secret, Uri Address)> SubscribeAsync(Visit visit)
    {
        await visit.OpenAsync("/marketplace");
        await visit.Page.GetByRole(AriaRole.Searchbox, new() { Name = "Search the catalog" }).FillAsync("tide");
        await Expect(visit.Heading).ToHaveTextAsync("1 API for “tide”");
        await visit.Page.GetByRole(AriaRole.List, new() { Name = "APIs" }).GetByRole(AriaRole.Link, new() { Name = "Tide Tables" }).ClickAsync();
        await visit.FollowAsync("Sign in to subscribe");
        await visit.FollowAsync("Create an account");
        await visit.SignUpAsync("Pilot Boat", "pilot.boat@example.com");
        await Expect(visit.Heading).ToHaveTextAsync("Tide Tables");
        await Expect(visit.Page.GetByRole(AriaRole.Radio, new() { Name = "Pilot" })).ToBeCheckedAsync();
        await visit.ClickAsync("Subscribe to Pilot");
        var ticket = visit.Page.GetByRole(AriaRole.Region, new() { Name = "Your new key" });
        var secret = await ticket.GetByLabel("Key", new() { Exact = true }).InnerTextAsync();
        var call = await ticket.GetByRole(AriaRole.Group, new() { Name = "A call with your key" }).InnerTextAsync();
        call.ShouldContain(secret);
        await Axe.AssertFineAsync(visit.Page, "ticket");
        await visit.ScreenshotAsync("ticket");
        return (secret, new Uri(Address().Match(call).Groups["address"].Value));
    }

    private static async Task SeesThreeCallsAndInvoiceAsync(Visit visit, string secret)
    {
        var page = visit.Page;
        await visit.UntilShownAsync(page.GetByRole(AriaRole.Button, new() { Name = "Calls: 3. Show these calls" }));
        await visit.UntilShownAsync(page.GetByRole(AriaRole.Row, new() { Name = "Total so far 10.50", Exact = true }));
        await Expect(page.GetByText("3 used − 2 included = 1")).ToBeVisibleAsync();
        await Expect(page.GetByText("1 past 2", new() { Exact = true })).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "GET /tides" })).ToHaveCountAsync(3);
        (await page.ContentAsync()).ShouldNotContain(secret);
        await page.GoBackAsync();
        await visit.SettledAsync();
        await page.ReloadAsync();
        await visit.SettledAsync();
        await Expect(visit.Heading).ToHaveTextAsync("Tide Tables");
        await Expect(page.GetByRole(AriaRole.Region, new() { Name = "Your new key" })).ToHaveCountAsync(0);
        (await page.ContentAsync()).ShouldNotContain(secret);
        await visit.OpenAsync("/subscriptions");
        await visit.FollowAsync("Tide Tables");
        await visit.SettledAsync();
        await visit.ScreenshotAsync("subscription-with-calls");
    }

    private static async Task RevokeAsync(Visit visit)
    {
        await visit.Page.GetByRole(AriaRole.Button, new() { NameRegex = new("^Change key ") }).ClickAsync();
        await visit.Page.GetByRole(AriaRole.Menuitem, new() { Name = "Revoke key" }).ClickAsync();
        var dialog = visit.Page.GetByRole(AriaRole.Dialog);
        await Axe.AssertFineAsync(visit.Page, "revoke dialog");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Revoke key", Exact = true }).ClickAsync();
        await Expect(visit.Page.GetByRole(AriaRole.Cell, new() { NameRegex = new("^revoked ") })).ToBeVisibleAsync();
    }

    private static async Task RefusedAsync(HttpClient http, Uri address, string secret)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            using var answer = await CallAsync(http, address, secret);
            var body = await answer.Content.ReadAsStringAsync();
            if (answer.StatusCode == HttpStatusCode.Unauthorized)
            {
                body.ShouldContain("KEY_REVOKED");
                return;
            }
            TimeProvider.System.GetElapsedTime(start).ShouldBeLessThan(TimeSpan.FromSeconds(60), $"the key is still accepted: {body}");
            await Task.Delay(50);
        }
    }

    private static async Task SeesUsageAsync(Visit visit)
    {
        await visit.FollowAsync("Sign in");
        await visit.Page.GetByLabel("E-mail").FillAsync(Provider);
        await visit.Page.GetByLabel("Password").FillAsync(Town.Password);
        await visit.ClickAsync("Sign in");
        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Account of Harbour Office" }).WaitForAsync();
        await visit.OpenAsync("/apis");
        await visit.FollowAsync("Tide Tables");
        await visit.Page.GetByRole(AriaRole.Navigation, new() { Name = "Parts of the API" }).GetByRole(AriaRole.Link, new() { Name = "Usage" }).ClickAsync();
        await visit.UntilShownAsync(visit.Page.GetByRole(AriaRole.Button, new() { NameRegex = new("^Calls: [3-9]") }));
        await Expect(visit.Page.GetByRole(AriaRole.Button, new() { Name = "GET /tides" }).First).ToBeVisibleAsync();
        await visit.ScreenshotAsync("provider-usage");
    }

    private static async Task<HttpResponseMessage> CallAsync(HttpClient http, Uri address, string secret)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", secret);
        return await http.SendAsync(request);
    }

    private static Regex Address() => new("curl \"(?<address>http[^\"]+)\"", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));
}
