using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Tollgate.Portal.Tests;

/// <summary>The session is the browser's business: no script holds it, and it renews itself.</summary>
public sealed class SessionTests(PortalFixture fixture)
{
    [Fact]
    public async Task SignedIn_TokensAreInHttpOnlyStrictCookiesOnly()
    {
        await using var visit = await fixture.VisitAsync();
        await visit.SignUpAsync("Cookie Reader", "cookie.reader@example.com");
        var cookies = await visit.Context.CookiesAsync();
        foreach (var name in new[] { "tg_access", "tg_refresh" })
        {
            var cookie = cookies.Single(each => each.Name == name);
            cookie.HttpOnly.ShouldBeTrue(name);
            cookie.SameSite.ShouldBe(SameSiteAttribute.Strict, name);
        }
        cookies.Single(each => each.Name == "tg_csrf").SameSite.ShouldBe(SameSiteAttribute.Strict);
        var seen = await visit.Page.EvaluateAsync<string>("document.cookie + JSON.stringify({ ...localStorage }) + JSON.stringify({ ...sessionStorage })");
        seen.ShouldContain("tg_csrf=");
        seen.ShouldNotContain("eyJ");
        foreach (var cookie in cookies.Where(each => each.HttpOnly))
            seen.ShouldNotContain(cookie.Value);
    }

    [Fact]
    public async Task AccessCookieGone_IsRenewedSilently()
    {
        await using var visit = await fixture.VisitAsync();
        await visit.RegisterAsync("Late Returner", "late.returner@example.com");
        await visit.Context.ClearCookiesAsync(new() { Name = "tg_access" });
        await visit.OpenAsync("/apis");
        await Expect(visit.Page.GetByText("Late Returner has no APIs yet")).ToBeVisibleAsync();
        (await visit.Context.CookiesAsync()).ShouldContain(each => each.Name == "tg_access");
    }

    [Fact]
    public async Task AccessCookieGone_OnThePagesOfTheAccount_IsRenewedSilentlyToo()
    {
        await using var visit = await fixture.VisitAsync();
        await visit.RegisterAsync("Slow Reader", "slow.reader@example.com");
        await visit.OpenAsync("/account");
        await visit.Context.ClearCookiesAsync(new() { Name = "tg_access" });
        await visit.ClickAsync("Set up an app");
        await Expect(visit.Page.GetByAltText("QR code for an authenticator app")).ToBeVisibleAsync();
        await visit.Context.ClearCookiesAsync(new() { Name = "tg_access" });
        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Account of Slow Reader" }).ClickAsync();
        await visit.Page.GetByRole(AriaRole.Menuitem, new() { Name = "Devices" }).ClickAsync();
        await Expect(visit.Heading).ToHaveTextAsync("1 device signed in");
    }

    [Fact]
    public async Task EndedElsewhere_WhileAPageOfTheAccountIsOpen_LeadsToTheDoor()
    {
        var town = await fixture.TownAsync();
        using var elsewhere = await town.SignUpAsync("Ended There", "ended.there@example.com");
        await using var visit = await fixture.VisitAsync();
        await visit.SignInAsync("ended.there@example.com");
        await visit.OpenAsync("/account");
        using (var ended = await elsewhere.PostAsync("/auth/sessions/end-others", null, TestContext.Current.CancellationToken))
            ended.IsSuccessStatusCode.ShouldBeTrue();
        await visit.ClickAsync("Set up an app");
        await Expect(visit.Heading).ToHaveTextAsync("Sign in");
        await Expect(visit.Page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("next=%2Faccount$"));
    }

    [Fact]
    public async Task SignOut_ThatDidNotWork_SaysSo()
    {
        await using var visit = await fixture.VisitAsync();
        await visit.RegisterAsync("Held Back", "held.back@example.com");
        await visit.OpenAsync("/subscriptions");
        await visit.Context.RouteAsync("**/auth/logout", route => route.FulfillAsync(new() { Status = 500 }));
        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Account of Held Back" }).ClickAsync();
        await visit.Page.GetByRole(AriaRole.Menuitem, new() { Name = "Sign out" }).ClickAsync();
        await visit.SaysAsync("You are still signed in.");
    }

    [Fact]
    public async Task WholeSessionGone_LeadsToTheDoorAndBack()
    {
        await using var visit = await fixture.VisitAsync();
        await visit.RegisterAsync("Lost Cookie", "lost.cookie@example.com");
        await visit.Context.ClearCookiesAsync();
        await visit.Page.GotoAsync("/apis/new");
        await Expect(visit.Heading).ToHaveTextAsync("Sign in");
        await visit.Page.GetByLabel("E-mail").FillAsync("lost.cookie@example.com");
        await visit.Page.GetByLabel("Password").FillAsync("not the password");
        await visit.ClickAsync("Sign in");
        await Expect(visit.Page.GetByText("E-mail or password is not right.")).ToBeVisibleAsync();
        await visit.Page.GetByLabel("Password").FillAsync(Town.Password);
        await visit.ClickAsync("Sign in");
        await Expect(visit.Heading).ToHaveTextAsync("Import an API");
    }
}
