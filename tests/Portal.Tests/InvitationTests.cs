using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Tollgate.Portal.Tests;

/// <summary>From the mail to the organization, as somebody goes it who has no account yet, or who has two. The link's secret reaches no address that a server is asked for.</summary>
public sealed class InvitationTests(PortalFixture fixture)
{
    [Fact]
    public async Task SomebodyWithoutAnAccount_RegistersConfirmsJoins_AndSeesTheOrganization()
    {
        var mail = await Invitations.SendAsync(fixture, "tide-club", "Tide Club", "newcomer@example.com", "viewer");
        await using var visit = await fixture.VisitAsync(390);
        var asked = RequestsOf(visit);
        await visit.Page.GotoAsync(Mails.LinkOf(mail));
        await Expect(visit.Heading).ToHaveTextAsync("You are invited");
        visit.Page.Url.ShouldEndWith("/invitation");
        await visit.LookAsync("invitation-door");
        await visit.FollowAsync("Create an account");
        await visit.SignUpAsync("Newcomer", "newcomer@example.com");
        await Expect(visit.Heading).ToHaveTextAsync("Join Tide Club");
        await Expect(visit.Page.GetByRole(AriaRole.Button, new() { Name = "Join Tide Club" })).ToHaveCountAsync(0);
        await visit.LookAsync("invitation-unconfirmed");
        await visit.Page.GetByLabel("Code of the mail").FillAsync(Mails.CodeOf(await fixture.Program.MailAsync("newcomer@example.com", "/verify-email#")));
        await visit.ClickAsync("Confirm");
        await Expect(visit.Page.GetByRole(AriaRole.Button, new() { Name = "Join Tide Club" })).ToBeVisibleAsync();
        await visit.LookAsync("invitation-join");
        await visit.ClickAsync("Join Tide Club");
        await Expect(visit.Heading).ToHaveTextAsync("Tide Club, 2 members");
        await Expect(visit.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = "newcomer@example.com" })).ToContainTextAsync("viewer");
        await visit.LookAsync("invitation-joined");
        asked.Where(address => address.Contains("tgi_", StringComparison.Ordinal)).ShouldBeEmpty("the secret is in the body of a request, never in an address");
        asked.ShouldContain(address => address.EndsWith("/api/invitations/accept", StringComparison.Ordinal));
        (await visit.Page.EvaluateAsync<string>("JSON.stringify({ ...sessionStorage })")).ShouldNotContain("tgi_");
        visit.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task SomebodyWithTwoAccounts_SignedInToTheWrongOne_SignsInToTheOther()
    {
        var town = await fixture.TownAsync();
        using var wrong = await town.SignUpAsync("Wrong One", "wrong.one@example.com");
        using var right = await town.SignUpAsync("Right One", "right.one@example.com");
        var mail = await Invitations.SendAsync(fixture, "reef-club", "Reef Club", "right.one@example.com", "developer");
        await using var visit = await fixture.VisitAsync();
        var asked = RequestsOf(visit);
        await visit.SignInAsync("wrong.one@example.com");
        await visit.Page.GotoAsync(Mails.LinkOf(mail));
        await Expect(visit.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("INVITATION_INVALID");
        await visit.LookAsync("invitation-wrong-account");
        await visit.ClickAsync("Sign in as somebody else");
        await Expect(visit.Heading).ToHaveTextAsync("Sign in");
        await visit.Page.GetByLabel("E-mail").FillAsync("right.one@example.com");
        await visit.Page.GetByLabel("Password").FillAsync(Town.Password);
        await visit.ClickAsync("Sign in");
        await visit.ClickAsync("Join Reef Club");
        await Expect(visit.Heading).ToHaveTextAsync("Reef Club, 2 members");
        asked.Where(address => address.Contains("tgi_", StringComparison.Ordinal)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("/%5Cevil.example")]
    [InlineData("//evil.example")]
    [InlineData("/%09/evil.example")]
    public async Task SignIn_NextThatLeadsElsewhere_IsNotFollowed(string next)
    {
        var town = await fixture.TownAsync();
        await using var visit = await fixture.VisitAsync();
        await visit.OpenAsync($"/sign-in?next={next}");
        await visit.Page.GetByLabel("E-mail").FillAsync(Town.Ada);
        await visit.Page.GetByLabel("Password").FillAsync(Town.Password);
        await visit.ClickAsync("Sign in");
        await Expect(visit.Page).ToHaveURLAsync(new Regex("^http://127.0.0.1:[0-9]+/subscriptions$"));
        visit.Complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task Owner_TakesAnotherSlug_AndTheOldAddressesLeadOn()
    {
        var town = await fixture.TownAsync();
        using var provider = await town.SignUpAsync("Old Name", "old.name@example.com");
        var api = await town.PublishAsync(provider, Documents.Small("Sea State", "/look"), "Sea State", "weather", fixture.Upstream.Address.ToString(), "How high the waves are", Documents.RatesPlans);
        var (_, secret) = await town.SubscribeAsync(provider, api.GetProperty("id").GetString()!);
        await using var visit = await fixture.VisitAsync();
        await visit.SignInAsync("old.name@example.com");
        await visit.OpenAsync("/organization");
        await visit.Page.GetByLabel("Slug").FillAsync("new-name");
        await visit.ClickAsync("Save settings");
        await Expect(visit.Page.GetByText("Still leading here")).ToContainTextAsync("old-name");
        await visit.LookAsync("organization-slug-changed");

        await visit.OpenAsync("/marketplace/old-name/sea-state");
        await Expect(visit.Heading).ToHaveTextAsync("Sea State");
        await Expect(visit.Page).ToHaveURLAsync(new Regex("/marketplace/new-name/sea-state$"));
        using var http = TestKit.RunningProgram.NewClient(fixture.Program.Gateway);
        foreach (var slug in new[] { "old-name", "new-name" })
        {
            using var call = new HttpRequestMessage(HttpMethod.Get, $"/{slug}/sea-state/look");
            call.Headers.Authorization = new("Bearer", secret);
            using var answer = await http.SendAsync(call);
            ((int)answer.StatusCode).ShouldBe(200, slug);
        }
    }

    /// <summary>Every address that is asked for, and what each says that it came from.</summary>
    private static ConcurrentQueue<string> RequestsOf(Visit visit)
    {
        var asked = new ConcurrentQueue<string>();
        visit.Context.Request += (_, request) =>
        {
            // What stands behind the # of the first one stays in the browser.
            asked.Enqueue(request.Url.Split('#')[0]);
            if (request.Headers.TryGetValue("referer", out var from))
                asked.Enqueue(from);
        };
        return asked;
    }
}
