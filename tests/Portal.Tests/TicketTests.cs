using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Tollgate.Portal.Tests;

/// <summary>The ticket shows a key once: where one subscribes, and where one makes another. What goes wrong behind it does not take it away.</summary>
public sealed class TicketTests(PortalFixture fixture)
{
    [Fact]
    public async Task OfANewSubscription_HasTheFocus_OutlivesAFailingRead_AndLeadsOn()
    {
        var town = await fixture.TownAsync();
        using var reader = await town.SignUpAsync("Ticket Reader", "ticket.reader@example.com");
        await using var visit = await fixture.VisitAsync();
        await visit.SignInAsync("ticket.reader@example.com");
        await visit.OpenAsync(town.WeatherListing);
        await visit.Context.RouteAsync("**/marketplace/listings/**", route => route.AbortAsync());
        await visit.Context.RouteAsync("**/healthz", route => route.AbortAsync());
        await visit.ClickAsync("Subscribe to Free");
        var ticket = visit.Page.GetByRole(AriaRole.Region, new() { Name = "Your new key" });
        await Expect(ticket.GetByRole(AriaRole.Heading, new() { Name = "Your key. It is shown this once." })).ToBeFocusedAsync();
        // What was subscribed to is read anew, in vain.
        await Expect(visit.Page.GetByRole(AriaRole.Region, new() { Name = "Tollgate does not answer" })).ToBeVisibleAsync();
        await Expect(ticket.GetByLabel("Key", new() { Exact = true })).ToBeVisibleAsync();
        await visit.Context.UnrouteAllAsync();
        await Expect(visit.Page.GetByRole(AriaRole.Region, new() { Name = "Tollgate does not answer" })).ToHaveCountAsync(0);
        await visit.LookAsync("ticket-listing");
        await visit.FollowAsync("Go to the subscription");
        await Expect(visit.Heading).ToHaveTextAsync("Weather: 1,000 of 1,000 left");
        await Expect(ticket).ToHaveCountAsync(0);
        await visit.LookAsync("subscription-new");
    }

    [Fact]
    public async Task OfAnotherKey_IsPutAway_AndTheFocusIsAtTheNextAct()
    {
        var town = await fixture.TownAsync();
        using var reader = await town.SignUpAsync("Second Key", "second.key@example.com");
        var (subscription, _) = await town.SubscribeAsync(reader, town.Weather);
        await using var visit = await fixture.VisitAsync();
        await visit.SignInAsync("second.key@example.com");
        await visit.OpenAsync($"/subscriptions/{subscription}");
        await visit.ClickAsync("Create key");
        await visit.Page.GetByRole(AriaRole.Dialog).GetByLabel("Name").FillAsync("The ticker in the foyer of the harbour office");
        await visit.ClickAsync("Create and show once");
        var ticket = visit.Page.GetByRole(AriaRole.Region, new() { Name = "Your new key" });
        await Expect(ticket.GetByRole(AriaRole.Heading, new() { Name = "Your key. It is shown this once." })).ToBeFocusedAsync();
        await visit.LookAsync("ticket-desk");
        await visit.ClickAsync("I have kept it");
        await Expect(ticket).ToHaveCountAsync(0);
        await Expect(visit.Page.GetByRole(AriaRole.Button, new() { Name = "Create key" })).ToBeFocusedAsync();
    }

    [Fact]
    public async Task KeysOfACanceledSubscription_AreSaidToOpenNothing_AndCannotBeChanged()
    {
        var town = await fixture.TownAsync();
        using var reader = await town.SignUpAsync("Key Ender", "key.ender@example.com");
        var (subscription, _) = await town.SubscribeAsync(reader, town.Weather);
        await using var visit = await fixture.VisitAsync();
        await visit.SignInAsync("key.ender@example.com");
        await visit.OpenAsync($"/subscriptions/{subscription}");
        await Expect(visit.Page.GetByRole(AriaRole.Button, new() { NameRegex = new("^Change key ") })).ToBeVisibleAsync();
        await visit.ClickAsync("Cancel subscription");
        await visit.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Cancel subscription" }).ClickAsync();
        await Expect(visit.Heading).ToHaveTextAsync("Weather: canceled");
        await Expect(visit.Page.GetByText("They open nothing any more: the subscription is canceled.")).ToBeVisibleAsync();
        await Expect(visit.Page.GetByRole(AriaRole.Button, new() { NameRegex = new("^Change key ") })).ToHaveCountAsync(0);
        await Expect(visit.Page.GetByText("No call was made with its keys.")).ToBeVisibleAsync();
        await visit.LookAsync("subscription-canceled");
    }
}
