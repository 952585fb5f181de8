using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Playwright;
using Tollgate.Foundation;
using static Microsoft.Playwright.Assertions;

namespace Tollgate.Portal.Tests;

/// <summary>A provider declares a meter, sells it, and reports it with the line that the page shows; both sides see the amount.</summary>
public sealed class MeterTests(PortalFixture fixture)
{
    private const string Provider = "print.shop@example.com";
    private const string Consumer = "reader@example.com";

    [Fact]
    public async Task Provider_DeclaresAMeter_SellsIt_AndWhatItReportsIsSeenAndCharged()
    {
        var town = await fixture.TownAsync();
        using var provider = await town.SignUpAsync("Print Shop", Provider);
        await using var visit = await fixture.VisitAsync();
        await visit.SignInAsync(Provider);
        var line = await DeclareAsync(visit);
        var api = await town.ImportAsync(provider, Documents.Small("Prints", "/print"), "Prints", "print", fixture.Upstream.Address.ToString(), "Prints what you send");
        var id = api.GetProperty("id").GetString()!;
        await PlanAsync(visit, id);
        using (var published = await provider.PostAsJsonAsync($"/api/apis/{id}/publish", new { accept_findings = true }, Json.Options))
            published.IsSuccessStatusCode.ShouldBeTrue();
        using var consumer = await town.SignUpAsync("Reader", Consumer);
        var (subscription, _) = await town.SubscribeAsync(consumer, id);

        await ReportedAsync(line, provider, subscription, "accepted");
        await ReportedAsync(line, provider, subscription, "duplicate");
        await ReportedAsync(line.Replace("job-1", "job-2", StringComparison.Ordinal).Replace("\"amount\": 1", "\"amount\": 13", StringComparison.Ordinal), provider, subscription, "accepted");

        await ConsumerSeesAsync(subscription);
        await visit.OpenAsync($"/apis/{id}?view=usage");
        await visit.Page.GetByLabel("Measure").SelectOptionAsync(new SelectOptionValue { Label = "pages" });
        await Expect(visit.Page.GetByRole(AriaRole.Heading, new() { Name = "14 pages in the last 30 days" })).ToBeVisibleAsync();
        await visit.ScreenshotAsync("meter-provider-usage");
        await visit.OpenAsync("/meters");
        await Expect(visit.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = "pages" }).GetByRole(AriaRole.Cell, new() { Name = "14", Exact = true })).ToBeVisibleAsync();
        visit.Complaints.Where(each => !each.Contains("409", StringComparison.Ordinal) && !each.Contains("422", StringComparison.Ordinal)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Meter_IsArchivedAndBroughtBack_AndThePageSaysWhatThatDoes()
    {
        var town = await fixture.TownAsync();
        using var provider = await town.SignUpAsync("Archivist", "archivist@example.com");
        using (var made = await provider.PostAsJsonAsync("/api/meters", new { name = "boxes", unit = "box" }, Json.Options))
            made.IsSuccessStatusCode.ShouldBeTrue();
        await using var visit = await fixture.VisitAsync();
        await visit.SignInAsync("archivist@example.com");
        await visit.OpenAsync("/meters");
        await visit.ClickAsync("boxes");
        await visit.ClickAsync("Archive meter");
        var dialog = visit.Page.GetByRole(AriaRole.Dialog, new() { Name = "Archive boxes?" });
        await Expect(dialog).ToContainTextAsync("It makes no room for another meter");
        await Axe.AssertFineAsync(visit.Page, "archive meter");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Archive meter", Exact = true }).ClickAsync();
        await Expect(visit.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = "boxes" })).ToContainTextAsync("archived");
        await visit.ClickAsync("Restore meter");
        await Expect(visit.Page.GetByRole(AriaRole.Button, new() { Name = "Archive meter", Exact = true })).ToBeVisibleAsync();
        await Expect(visit.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = "boxes" })).Not.ToContainTextAsync("archived");
        visit.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task Meters_ThatCannotBeRead_SaySo_AndTryAgainBringsThem()
    {
        await fixture.TownAsync();
        await using var visit = await fixture.VisitAsync();
        await visit.SignInAsync(Town.Ada);
        await visit.OpenAsync("/apis");
        await visit.Context.RouteAsync("**/api/meters?**", route => route.FulfillAsync(new() { Status = 500, ContentType = "application/json", Body = "{}" }));
        await visit.FollowAsync("Meters");
        await Expect(visit.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("The meters could not be read.");
        await Axe.AssertFineAsync(visit.Page, "meters not read");
        await visit.ScreenshotAsync("meters-not-read");
        await visit.Context.UnrouteAllAsync();
        await visit.ClickAsync("Try again");
        await Expect(visit.Page.GetByRole(AriaRole.Button, new() { Name = "grid.points" })).ToBeVisibleAsync();
    }

    /// <summary>The line to copy.</summary>
    private static async Task<string> DeclareAsync(Visit visit)
    {
        await visit.OpenAsync("/meters");
        await Expect(visit.Page.GetByText("Print Shop has no meters of its own yet")).ToBeVisibleAsync();
        await Axe.AssertFineAsync(visit.Page, "no meters");
        await visit.ScreenshotAsync("meters-empty");
        await visit.ClickAsync("Declare a meter");
        var dialog = visit.Page.GetByRole(AriaRole.Dialog, new() { Name = "Declare a meter" });
        await dialog.GetByLabel("Name").FillAsync("Pages");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Declare meter" }).ClickAsync();
        await Expect(dialog).ToContainTextAsync("Lower-case letters and digits");
        await Expect(dialog).ToContainTextAsync("This field is required.");
        await dialog.GetByLabel("Name").FillAsync("pages");
        await dialog.GetByLabel("Unit").FillAsync("page");
        await Expect(dialog).ToContainTextAsync(".pages, for good.");
        await Axe.AssertFineAsync(visit.Page, "declare a meter");
        await visit.ScreenshotAsync("meter-declare", whole: false);
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Declare meter" }).ClickAsync();
        var detail = visit.Page.GetByRole(AriaRole.Complementary, new() { Name = "Meter" });
        var line = await detail.GetByRole(AriaRole.Group, new() { Name = "An event to report" }).InnerTextAsync();

        await visit.ClickAsync("Declare a meter");
        await dialog.GetByLabel("Name").FillAsync("pages");
        await dialog.GetByLabel("Unit").FillAsync("page");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Declare meter" }).ClickAsync();
        await Expect(dialog.GetByRole(AriaRole.Alert)).ToContainTextAsync("METER_NAME_TAKEN");
        await visit.Page.Keyboard.PressAsync("Escape");
        await Expect(dialog).ToHaveCountAsync(0);
        return line;
    }

    private static async Task PlanAsync(Visit visit, string api)
    {
        await visit.OpenAsync($"/apis/{api}?view=plans");
        await visit.ClickAsync("Add a plan");
        var dialog = visit.Page.GetByRole(AriaRole.Dialog, new() { Name = "Add a plan" });
        await dialog.GetByLabel("Plan name").FillAsync("By the page");
        await dialog.GetByLabel("Price", new() { Exact = true }).FillAsync("10.00");
        var allowance = dialog.GetByRole(AriaRole.Group, new() { Name = "Allowance 1" });
        await allowance.GetByLabel("Each", new() { Exact = true }).SelectOptionAsync("minute");
        await allowance.GetByLabel("Of").SelectOptionAsync(new SelectOptionValue { Label = "pages" });
        // Reports come later than a minute ends.
        await Expect(allowance.GetByLabel("Each", new() { Exact = true })).ToHaveValueAsync("month");
        await allowance.GetByLabel("Amount").FillAsync("10");
        await allowance.GetByLabel("Each", new() { Exact = true }).SelectOptionAsync("billing_period");
        await allowance.GetByLabel("Past it").SelectOptionAsync("charge");
        await allowance.GetByLabel("Price each").FillAsync("0.5");
        await Axe.AssertFineAsync(visit.Page, "plan with a meter");
        await visit.ScreenshotAsync("meter-plan", whole: false);
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Save plan" }).ClickAsync();
        await Expect(visit.Page.GetByRole(AriaRole.Listitem).Filter(new() { HasText = "pages a billing period: 10, then $0.50 each" }).First).ToBeVisibleAsync();
    }

    private async Task ConsumerSeesAsync(string subscription)
    {
        await using var visit = await fixture.VisitAsync();
        await visit.SignInAsync(Consumer);
        await visit.OpenAsync($"/subscriptions/{subscription}");
        await visit.Page.GetByLabel("Measure").SelectOptionAsync(new SelectOptionValue { Label = "pages" });
        await Expect(visit.Page.GetByRole(AriaRole.Heading, new() { Name = "14 pages in the last 30 days" })).ToBeVisibleAsync();
        await Expect(visit.Page.GetByRole(AriaRole.Img, new() { Name = "14 pages in the last 30 days" })).ToBeVisibleAsync();
        await visit.UntilShownAsync(visit.Page.GetByRole(AriaRole.Row, new() { Name = "Total so far 12.00", Exact = true }));
        await visit.UntilShownAsync(visit.Page.GetByText("4 past 10", new() { Exact = true }));
        // What is drawn is in the address: it was read anew.
        await Expect(visit.Page.GetByLabel("Measure")).ToHaveValueAsync(new System.Text.RegularExpressions.Regex(@"\.pages$"));
        await Axe.AssertFineAsync(visit.Page, "subscription with a meter");
        await visit.ScreenshotAsync("meter-consumer-usage");
        await visit.ClickAsync("Show table");
        await Expect(visit.Page.GetByRole(AriaRole.Region, new() { Name = "Usage as a table" }).GetByRole(AriaRole.Row).Nth(1)).ToContainTextAsync("14");
        await visit.Page.GetByText("48 hours", new() { Exact = true }).ClickAsync();
        await Expect(visit.Page.GetByRole(AriaRole.Heading, new() { Name = "14 pages in the last 48 hours" })).ToBeVisibleAsync();
        await visit.Page.GetByLabel("Measure").SelectOptionAsync(new SelectOptionValue { Label = "Calls" });
        await Expect(visit.Page.GetByRole(AriaRole.Heading, new() { Name = "No calls in the last 48 hours" })).ToBeVisibleAsync();
        visit.Complaints.ShouldBeEmpty();
    }

    /// <summary>As it was copied, in a shell that knows who reports and for whom.</summary>
    private static async Task ReportedAsync(string line, HttpClient provider, string subscription, string verdict)
    {
        var start = new ProcessStartInfo("bash", ["-c", line]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["TOKEN"] = provider.DefaultRequestHeaders.Authorization!.Parameter;
        start.Environment["SUBSCRIPTION"] = subscription;
        using var shell = Process.Start(start)!;
        var errors = shell.StandardError.ReadToEndAsync();
        var output = await shell.StandardOutput.ReadToEndAsync();
        await shell.WaitForExitAsync();
        shell.ExitCode.ShouldBe(0, await errors);
        JsonDocument.Parse(output).RootElement.GetProperty("data")[0].GetProperty("status").GetString().ShouldBe(verdict, output);
    }
}
