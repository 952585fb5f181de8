using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Tollgate.Portal.Tests;

/// <summary>
/// Links of mails in a tab that is open already: only what stands behind the # is another, so that the browser loads no page.
/// And where the link of a sign-in mail leads on to.
/// </summary>
public sealed class LinkTests(PortalFixture fixture)
{
    [Fact]
    public async Task Verification_SecondLinkInTheSameTab_Confirms()
    {
        await using var visit = await fixture.VisitAsync();
        await visit.RegisterAsync("Vic Tab", "vic.tab@example.com");
        await visit.Page.GotoAsync("/verify-email#" + Mails.WrongSecret);
        await Expect(visit.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("EMAIL_PROOF_INVALID");
        await visit.LookAsync("verify-email-wrong");
        await PasteAsync(visit, Mails.LinkOf(await fixture.Program.MailAsync("vic.tab@example.com", "/verify-email#")));
        await Expect(visit.Heading).ToHaveTextAsync("Address confirmed");
        visit.Page.Url.ShouldEndWith("/verify-email");
    }

    [Fact]
    public async Task Verification_SecondLinkBeforeSigningIn_IsTheOneThatCounts()
    {
        await fixture.RegisterAsync("Val Tab", "val.tab@example.com");
        await using var other = await fixture.VisitAsync();
        await other.Page.GotoAsync("/verify-email#" + Mails.WrongSecret);
        await Expect(other.Page.GetByRole(AriaRole.Main).GetByRole(AriaRole.Link, new() { Name = "Sign in" })).ToBeVisibleAsync();
        await PasteAsync(other, Mails.LinkOf(await fixture.Program.MailAsync("val.tab@example.com", "/verify-email#")));
        await other.Page.GetByRole(AriaRole.Main).GetByRole(AriaRole.Link, new() { Name = "Sign in" }).ClickAsync();
        await SignInByPasswordAsync(other, "val.tab@example.com");
        await Expect(other.Heading).ToHaveTextAsync("Address confirmed");
    }

    [Fact]
    public async Task Invitation_SecondLinkInTheSameTab_IsShown()
    {
        var invited = await fixture.TownAsync();
        using var person = await invited.SignUpAsync("Ina Tab", "ina.tab@example.com");
        var first = await Invitations.SendAsync(fixture, "first-tab", "First Tab", "ina.tab@example.com", "viewer");
        var second = await Invitations.SendAsync(fixture, "second-tab", "Second Tab", "ina.tab@example.com", "developer");
        await using var visit = await fixture.VisitAsync();
        await visit.SignInAsync("ina.tab@example.com");
        await visit.Page.GotoAsync(Mails.LinkOf(first));
        await Expect(visit.Heading).ToHaveTextAsync("Join First Tab");
        await PasteAsync(visit, Mails.LinkOf(second));
        await Expect(visit.Heading).ToHaveTextAsync("Join Second Tab");
        visit.Page.Url.ShouldEndWith("/invitation");
        await visit.ClickAsync("Join Second Tab");
        await Expect(visit.Heading).ToHaveTextAsync("Second Tab, 2 members");
    }

    [Fact]
    public async Task Password_SecondLinkInTheSameTab_IsTheOneThatCounts()
    {
        await using var visit = await fixture.VisitAsync();
        await fixture.RegisterAsync("Ray Tab", "ray.tab@example.com");
        await visit.OpenAsync("/forgot-password");
        await visit.Page.GetByLabel("E-mail").FillAsync("ray.tab@example.com");
        await visit.ClickAsync("Mail me a link");
        // Who leaves the page before it is answered may have asked for nothing.
        await Expect(visit.Page.GetByRole(AriaRole.Status)).ToContainTextAsync("a mail is on its way");
        await visit.Page.GotoAsync("/reset-password#" + Mails.WrongSecret);
        await visit.Page.GetByLabel("New password").FillAsync("a wholly different sentence");
        await visit.ClickAsync("Save password");
        await Expect(visit.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Your password was not changed.");
        await visit.LookAsync("reset-password-wrong");
        await PasteAsync(visit, Mails.LinkOf(await fixture.Program.MailAsync("ray.tab@example.com", "/reset-password#")));
        await Expect(visit.Page.GetByRole(AriaRole.Alert)).ToHaveCountAsync(0);
        await visit.Page.GetByLabel("New password").FillAsync("a wholly different sentence");
        await visit.ClickAsync("Save password");
        await Expect(visit.Heading).ToHaveTextAsync("Your password is new");
    }

    [Fact]
    public async Task SignIn_SecondLinkInTheSameTab_SignsIn_AndLeadsBackToWhereThePersonWas()
    {
        await using var visit = await fixture.VisitAsync();
        await fixture.RegisterAsync("Max Tab", "max.tab@example.com");
        await visit.OpenAsync("/apis/new");
        await AskForMailAsync(visit, "max.tab@example.com");
        await visit.Page.GotoAsync("/sign-in/link#" + Mails.WrongSecret);
        await Expect(visit.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("SIGN_IN_LINK_INVALID");
        await visit.LookAsync("sign-in-link-wrong");
        await PasteAsync(visit, Mails.LinkOf(await fixture.Program.MailAsync("max.tab@example.com", "/sign-in/link#")));
        await Expect(visit.Heading).ToHaveTextAsync("Import an API");
    }

    [Fact]
    public async Task SignIn_LinkInANewTab_LeadsBack_AndTheMailSaysNothingOfIt()
    {
        await using var visit = await fixture.VisitAsync();
        await fixture.RegisterAsync("Nex Tab", "nex.tab@example.com");
        await visit.OpenAsync("/audit-log?action=session.started");
        await AskForMailAsync(visit, "nex.tab@example.com");
        var mail = await fixture.Program.MailAsync("nex.tab@example.com", "/sign-in/link#");
        mail.ShouldNotContain("audit-log");
        var tab = await visit.Context.NewPageAsync();
        await tab.GotoAsync(Mails.LinkOf(mail));
        await Expect(tab).ToHaveURLAsync(new Regex(@"/audit-log\?action=session\.started$"));
        await Expect(tab.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("Audit log");
        (await tab.EvaluateAsync<string>("JSON.stringify({ ...localStorage })")).ShouldNotContain("audit-log");
    }

    [Theory]
    [InlineData("//evil.example")]
    [InlineData("/%5Cevil.example")]
    [InlineData("/%09/evil.example")]
    public async Task SignIn_LinkAfterANextThatLeadsElsewhere_LeadsToTheDesk(string next)
    {
        var email = $"else{Array.IndexOf(["//evil.example", "/%5Cevil.example", "/%09/evil.example"], next)}.tab@example.com";
        await using var visit = await fixture.VisitAsync();
        await fixture.RegisterAsync("Elsa Tab", email);
        await visit.OpenAsync($"/sign-in?next={next}");
        await AskForMailAsync(visit, email);
        await visit.Page.GotoAsync(Mails.LinkOf(await fixture.Program.MailAsync(email, "/sign-in/link#")));
        await Expect(visit.Page).ToHaveURLAsync(new Regex("^http://127.0.0.1:[0-9]+/subscriptions$"));
        visit.Complaints.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("/sign-in/link", "Sign in")]
    [InlineData("/reset-password", "Choose a new password")]
    public async Task LinkWithoutItsSecret_SaysSo(string path, string heading)
    {
        await using var visit = await fixture.VisitAsync();
        await visit.OpenAsync(path);
        await Expect(visit.Heading).ToHaveTextAsync(heading);
        await Expect(visit.Page.GetByText("Open the link of the mail as it stands")).ToBeVisibleAsync();
        visit.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task SkipLink_IsNoSecret()
    {
        await using var visit = await fixture.VisitAsync();
        await visit.OpenAsync("/reset-password#" + Mails.WrongSecret);
        await visit.Page.GetByLabel("New password").FillAsync("kept");
        var skip = visit.Page.GetByRole(AriaRole.Link, new() { Name = "Skip to the content" });
        await skip.FocusAsync();
        await visit.Page.Keyboard.PressAsync("Enter");
        await Expect(visit.Page.GetByRole(AriaRole.Main)).ToBeFocusedAsync();
        await Expect(visit.Page.GetByLabel("New password")).ToHaveValueAsync("kept");
    }

    /// <summary>Into the address bar of this tab; no page is loaded.</summary>
    private static async Task PasteAsync(Visit visit, string link)
    {
        var response = await visit.Page.GotoAsync(link);
        response.ShouldBeNull("the page that is open takes it");
    }

    private static async Task AskForMailAsync(Visit visit, string email)
    {
        await visit.ClickAsync("Mail me a code");
        await visit.Page.GetByLabel("E-mail").FillAsync(email);
        await visit.Page.Locator("form").GetByRole(AriaRole.Button, new() { Name = "Mail me a code" }).ClickAsync();
        await Expect(visit.Page.GetByLabel("Code")).ToBeVisibleAsync();
    }

    private static async Task SignInByPasswordAsync(Visit visit, string email)
    {
        await visit.Page.GetByLabel("E-mail").FillAsync(email);
        await visit.Page.GetByLabel("Password").FillAsync(Town.Password);
        await visit.ClickAsync("Sign in");
    }
}
