using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Tollgate.TestKit;
using static Microsoft.Playwright.Assertions;

namespace Tollgate.Portal.Tests;

/// <summary>An operator suspends an organization on the admin page; its owner and its subscriber see that, and why; then it is lifted.</summary>
public sealed class SuspensionTests(PortalFixture fixture)
{
    [Fact]
    public async Task Operator_Suspends_EverybodyConcernedSeesIt_AndLifts()
    {
        var town = await fixture.TownAsync();
        using var provider = await town.SignUpAsync("Shady Dealer", "shady.dealer@example.com");
        var api = await town.PublishAsync(provider, Documents.Small("Stolen Goods", "/look"), "Stolen Goods", "other", fixture.Upstream.Address.ToString(), "Not theirs", Documents.RatesPlans);
        using var buyer = await town.SignUpAsync("Honest Buyer", "honest.buyer@example.com");
        var (subscription, secret) = await town.SubscribeAsync(buyer, api.GetProperty("id").GetString()!);
        (await CallAsync(api.GetProperty("gateway_url").GetString()!, secret)).ShouldBe(200);
        await town.SubscribeAsync(provider, town.Weather);

        await using var admin = await fixture.VisitAsync();
        await admin.SignInAsync(Town.Ada);
        await admin.OpenAsync("/admin?view=organizations&q=shady");
        await admin.ClickAsync("Shady Dealer");
        await admin.ClickAsync("Suspend organization");
        var dialog = admin.Page.GetByRole(AriaRole.Dialog);
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Suspend", Exact = true }).ClickAsync();
        await Expect(dialog.GetByLabel("Reason")).ToHaveAttributeAsync("aria-invalid", "true");
        await dialog.GetByLabel("Reason").FillAsync("Sells what is not theirs. Write to ops@example.com.");
        await admin.LookAsync("admin-organization-suspend", whole: false);
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Suspend", Exact = true }).ClickAsync();
        await Expect(admin.Page.GetByRole(AriaRole.Complementary)).ToContainTextAsync("Write to ops@example.com.");
        await admin.LookAsync("admin-organization-suspended");
        (await CallAsync(api.GetProperty("gateway_url").GetString()!, secret)).ShouldBe(404);

        await using var owner = await fixture.VisitAsync();
        await owner.SignInAsync("shady.dealer@example.com");
        await owner.OpenAsync("/apis");
        await Expect(owner.Page.GetByRole(AriaRole.Region, new() { Name = "Shady Dealer is suspended" })).ToBeVisibleAsync();
        await owner.LookAsync("suspended-desk");
        await owner.FollowAsync("Why");
        await Expect(owner.Page.GetByText(new Regex("They say: .Sells what is not theirs"))).ToBeVisibleAsync();
        await owner.LookAsync("suspended-organization");
        await owner.OpenAsync("/subscriptions");
        await Expect(owner.Heading).ToHaveTextAsync("1 subscription, none active");
        await Expect(owner.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = "Weather" })).ToContainTextAsync("Suspended");
        await owner.FollowAsync("Weather");
        await Expect(owner.Heading).ToHaveTextAsync("Weather: suspended");
        await owner.LookAsync("suspended-own-subscription");

        await using var subscriber = await fixture.VisitAsync();
        await subscriber.SignInAsync("honest.buyer@example.com");
        await subscriber.OpenAsync("/subscriptions");
        await Expect(subscriber.Heading).ToHaveTextAsync("1 subscription, none active");
        await Expect(subscriber.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = "Stolen Goods" })).ToContainTextAsync("Not served");
        await subscriber.LookAsync("suspended-subscriptions");
        await subscriber.OpenAsync($"/subscriptions/{subscription}");
        await Expect(subscriber.Heading).ToHaveTextAsync("Stolen Goods: not served");
        await Expect(subscriber.Page.GetByRole(AriaRole.Region, new() { Name = "This API is not served" })).ToBeVisibleAsync();
        await subscriber.LookAsync("suspended-subscription");

        await admin.ClickAsync("Lift the suspension");
        await admin.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Lift the suspension" }).ClickAsync();
        await Expect(admin.Page.GetByRole(AriaRole.Button, new() { Name = "Suspend organization" })).ToBeVisibleAsync();
        (await CallAsync(api.GetProperty("gateway_url").GetString()!, secret)).ShouldBe(200);
        await owner.OpenAsync("/apis");
        await Expect(owner.Page.GetByRole(AriaRole.Region, new() { Name = "Shady Dealer is suspended" })).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Operator_FindsARemovedOrganization_ByTheSlugThatItHad_AndIsOfferedNothingForIt()
    {
        using var owner = await Invitations.OwnAsync(fixture, "yesterdays-shop", "Shop of Yesterday", "Cleo Closed", "cleo.closed@example.com");
        using (var removed = await owner.DeleteAsync("/api/organizations/yesterdays-shop"))
            ((int)removed.StatusCode).ShouldBe(204, await removed.Content.ReadAsStringAsync());

        await using var admin = await fixture.VisitAsync();
        await admin.SignInAsync(Town.Ada);
        await admin.OpenAsync("/admin?view=organizations&q=yesterdays-shop");
        var row = admin.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = "Shop of Yesterday" });
        await Expect(row).ToContainTextAsync("yesterdays-shop");
        await Expect(row).ToContainTextAsync("removed");
        await admin.ClickAsync("Shop of Yesterday");
        var beside = admin.Page.GetByRole(AriaRole.Complementary);
        await Expect(beside).ToContainTextAsync("its usage and invoices stay");
        await Expect(beside.GetByRole(AriaRole.Button, new() { NameRegex = new("[Ss]uspen") })).ToHaveCountAsync(0);
        await admin.LookAsync("admin-organization-removed");
        await admin.Page.GetByText("Suspended", new() { Exact = true }).ClickAsync();
        await Expect(admin.Page.GetByText("No organization matches.")).ToBeVisibleAsync();
        await admin.Page.GetByText("Removed", new() { Exact = true }).ClickAsync();
        await Expect(row).ToBeVisibleAsync();
    }

    private async Task<int> CallAsync(string gatewayUrl, string secret)
    {
        using var http = RunningProgram.NewClient(fixture.Program.Gateway);
        using var request = new HttpRequestMessage(HttpMethod.Get, gatewayUrl.TrimEnd('/') + "/look");
        request.Headers.Authorization = new("Bearer", secret);
        using var answer = await http.SendAsync(request);
        return (int)answer.StatusCode;
    }
}
