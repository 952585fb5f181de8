using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Tollgate.Portal.Tests;

/// <summary>The portal is open and the program is away: every part says so, keeps what it has, and goes on when somebody answers again.</summary>
public sealed class AwayTests(PortalFixture fixture)
{
    [Fact]
    public async Task Desk_KeepsWhatItShows_AndAPageThatDidNotArriveComesByItself()
    {
        await fixture.TownAsync();
        await using var visit = await fixture.VisitAsync();
        await visit.SignInAsync(Town.Ada);
        await visit.OpenAsync("/subscriptions");
        await visit.Page.EvaluateAsync("window.isTheSame = true");
        await LeaveAsync(visit);
        await visit.FollowAsync("Meters");
        await Expect(visit.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("This page did not arrive.");
        await Expect(Notice(visit)).ToBeVisibleAsync();
        await visit.LookAsync("away-page");
        await visit.FollowAsync("Subscriptions");
        await Expect(visit.Page.GetByRole(AriaRole.Link, new() { Name = "Exchange Rates" })).ToBeVisibleAsync();
        await visit.LookAsync("away-desk");
        await visit.FollowAsync("Meters");
        await Expect(visit.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("This page did not arrive.");
        await visit.Context.UnrouteAllAsync();
        await Expect(visit.Page.GetByRole(AriaRole.Button, new() { Name = "grid.points" })).ToBeVisibleAsync();
        await Expect(Notice(visit)).ToHaveCountAsync(0);
        (await visit.Page.EvaluateAsync<bool>("window.isTheSame === true")).ShouldBeTrue("the window was loaded anew");
    }

    [Fact]
    public async Task Form_SaysThatNobodyAnswered_KeepsWhatWasTyped_AndGoesOn()
    {
        await fixture.TownAsync();
        await using var visit = await fixture.VisitAsync();
        await visit.OpenAsync("/sign-in");
        await LeaveAsync(visit);
        await visit.Page.GetByLabel("E-mail").FillAsync(Town.Ada);
        await visit.Page.GetByLabel("Password").FillAsync(Town.Password);
        var signIn = visit.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in", Exact = true });
        await signIn.PressAsync("Enter");
        await Expect(visit.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Tollgate did not answer.");
        await Expect(signIn).ToBeFocusedAsync();
        await visit.LookAsync("away-form");
        await visit.Context.UnrouteAllAsync();
        await signIn.PressAsync("Enter");
        await Expect(visit.Heading).ToHaveTextAsync("1 subscription, active");
    }

    [Fact]
    public async Task FirstPage_ThatCannotAskWhoIsThere_SaysSo_AndTryAgainBringsIt()
    {
        await fixture.TownAsync();
        await using var visit = await fixture.VisitAsync();
        await visit.SignInAsync(Town.Ada);
        await visit.Context.RouteAsync("**/me", route => route.AbortAsync());
        await visit.Page.GotoAsync("/subscriptions");
        await Expect(visit.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("This page could not be shown.");
        await visit.LookAsync("away-first-page");
        await visit.Context.UnrouteAllAsync();
        await visit.ClickAsync("Try again");
        await Expect(visit.Heading).ToHaveTextAsync("1 subscription, active");
    }

    [Fact]
    public async Task OneAddress_ThatAProxyGivesUpOn_IsNoAbsence_AndIsLeftAloneAfterThreeTries()
    {
        await fixture.TownAsync();
        await using var visit = await fixture.VisitAsync();
        await visit.SignInAsync(Town.Ada);
        await visit.OpenAsync("/subscriptions");
        var tries = 0;
        await visit.Context.RouteAsync("**/api/meters?*", route =>
        {
            Interlocked.Increment(ref tries);
            return route.FulfillAsync(new() { Status = 502, ContentType = "text/html", Body = "<h1>Bad Gateway</h1>" });
        });
        await visit.FollowAsync("Meters");
        await Expect(visit.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("The meters could not be read.");
        await Expect(Notice(visit)).ToHaveCountAsync(0);
        tries.ShouldBe(3);
        await visit.Context.UnrouteAllAsync();
        await visit.ClickAsync("Try again");
        await Expect(visit.Page.GetByRole(AriaRole.Button, new() { Name = "grid.points" })).ToBeVisibleAsync();
    }

    private static Task LeaveAsync(Visit visit) => visit.Context.RouteAsync("**/*", route => route.AbortAsync("connectionrefused"));

    private static ILocator Notice(Visit visit) => visit.Page.GetByRole(AriaRole.Region, new() { Name = "Tollgate does not answer" });
}
