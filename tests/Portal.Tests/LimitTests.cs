using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Tollgate.Portal.Tests;

/// <summary>Who did too much of something is told in words how long that lasts, and what else leads on. The limits are the real ones, used up from the visitor's own place.</summary>
public sealed partial class LimitTests(PortalFixture fixture)
{
    [Fact]
    public async Task SignIn_TooOften_SaysHowLong()
    {
        await using var visit = await fixture.VisitAsync();
        // They share a limit with passwords, and cost no hash.
        await UseUpAsync(visit, "/auth/passkey-sign-in/options", new { }, 60);
        await visit.OpenAsync("/sign-in");
        await visit.Page.GetByLabel("E-mail").FillAsync("often@example.com");
        await visit.Page.GetByLabel("Password").FillAsync(Town.Password);
        await visit.ClickAsync("Sign in");
        await RefusedAsync(visit, "You are not signed in.");
        await visit.LookAsync("limit-sign-in");
        await visit.Page.GetByLabel("Password").ClearAsync();
        await Expect(visit.Page.GetByLabel("E-mail")).ToHaveValueAsync("often@example.com");
    }

    [Fact]
    public async Task SignUp_TooOften_SaysHowLong()
    {
        await using var visit = await fixture.VisitAsync();
        await UseUpAsync(visit, "/auth/register", new { }, 60);
        await visit.OpenAsync("/sign-up");
        await visit.Page.GetByLabel("Name").FillAsync("Often");
        await visit.Page.GetByLabel("E-mail").FillAsync("often@example.com");
        await visit.Page.GetByLabel("Password").FillAsync(Town.Password);
        await visit.ClickAsync("Create account");
        await RefusedAsync(visit, "No account was made.");
        await visit.LookAsync("limit-sign-up");
    }

    [Fact]
    public async Task MailCode_TooOften_SaysHowLong_AndThePasswordIsStillAWay()
    {
        await using var visit = await fixture.VisitAsync();
        await UseUpAsync(visit, "/auth/mail-sign-in", new { }, 30);
        await visit.OpenAsync("/sign-in");
        await visit.ClickAsync("Mail me a code");
        await visit.Page.GetByLabel("E-mail").FillAsync("often@example.com");
        await visit.Page.Locator("form").GetByRole(AriaRole.Button, new() { Name = "Mail me a code" }).ClickAsync();
        await RefusedAsync(visit, "No mail was sent.");
        await visit.LookAsync("limit-mail-code");
        await visit.ClickAsync("Use your password");
        await Expect(visit.Page.GetByLabel("Password")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Password_WrongTooOften_SaysHowLong_AndAMailIsStillAWay()
    {
        var town = await fixture.TownAsync();
        using var person = await town.SignUpAsync("Gus Guess", "gus.guess@example.com");
        await using var visit = await fixture.VisitAsync();
        await visit.OpenAsync("/sign-in");
        await visit.Page.GetByLabel("E-mail").FillAsync("gus.guess@example.com");
        await visit.Page.GetByLabel("Password").FillAsync("not the password");
        await UseUpAsync(visit, "/auth/login", new { email = "gus.guess@example.com", password = "not the password" }, 10);
        await visit.ClickAsync("Sign in");
        await RefusedAsync(visit, "You are not signed in.");
        await visit.LookAsync("limit-password");
        await visit.ClickAsync("Mail me a code");
        await Expect(visit.Page.Locator("form").GetByRole(AriaRole.Button, new() { Name = "Mail me a code" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Invitation_ToOneAddressTooOften_SaysWhen_AndKeepsWhatWasTyped()
    {
        var town = await fixture.TownAsync();
        using var owner = await town.SignUpAsync("Ivy Invites", "ivy.invites@example.com");
        using (var made = await owner.PostAsJsonAsync("/api/organizations", new { name = "Many Invitations", slug = "many-invitations" }))
            ((int)made.StatusCode).ShouldBe(201);
        for (var i = 0; i < 3; i++)
        {
            using var sent = await owner.PostAsJsonAsync("/api/organizations/many-invitations/invitations", new { email = "tired@example.com", role = "viewer" });
            var id = (await sent.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString();
            using var withdrawn = await owner.DeleteAsync($"/api/organizations/many-invitations/invitations/{id}");
            withdrawn.IsSuccessStatusCode.ShouldBeTrue();
        }
        await using var visit = await fixture.VisitAsync();
        await visit.SignInAsync("ivy.invites@example.com");
        await visit.ForOrganizationAsync("Many Invitations");
        await visit.Page.GetByLabel("E-mail").FillAsync("tired@example.com");
        await visit.ClickAsync("Send invitation");
        var alert = visit.Page.GetByRole(AriaRole.Alert);
        await Expect(alert).ToContainTextAsync("No invitation was sent.");
        await Expect(alert).ToContainTextAsync("No more invitations go to this address now. Try again tomorrow.");
        await Expect(alert).ToBeInViewportAsync();
        await Expect(visit.Page.GetByLabel("E-mail")).ToHaveValueAsync("tired@example.com");
        await visit.LookAsync("limit-invitation");
    }

    private static async Task UseUpAsync(Visit visit, string path, object body, int times)
    {
        for (var i = 0; i < times; i++)
            await visit.Context.APIRequest.PostAsync(path, new() { DataObject = body });
    }

    private static async Task RefusedAsync(Visit visit, string what)
    {
        var alert = visit.Page.GetByRole(AriaRole.Alert);
        await Expect(alert).ToContainTextAsync(what);
        await Expect(alert).ToContainTextAsync(HowLong());
        await Expect(alert).ToBeInViewportAsync();
    }

    [GeneratedRegex(@"Try again in (?:\d+ seconds|\d+ minutes, at \d\d:\d\d)\b", RegexOptions.None, 1000)]
    private static partial Regex HowLong();
}
