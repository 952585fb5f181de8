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
