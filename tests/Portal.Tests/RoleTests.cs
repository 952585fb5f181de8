using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Tollgate.Portal.Tests;

/// <summary>An organization with a member of every role: what its owner can do with them, and what its viewer sees.</summary>
public sealed class RoleTests(PortalFixture fixture)
{
    private const string Name = "Grand Assembly of Meteorological Offices of the Northern Seas and Coasts";
    private const string Slug = "grand-assembly";

    [Fact]
    public async Task Owner_ChangesARole_AndRemovesAMember_AndTheViewerOnlySees()
    {
        using var owner = await Invitations.OwnAsync(fixture, Slug, Name, "Olive Owner", "olive@assembly.example.com");
        foreach (var (name, email, role) in new[]
        {
            ("Adam Admin", "adam@assembly.example.com", "admin"),
            ("Dorothea Featherstonehaugh-Cholmondeley", "dorothea.featherstonehaugh-cholmondeley@development.assembly.example.com", "developer"),
            ("Bill Billing", "bill@assembly.example.com", "billing"),
            ("Vera Viewer", "vera@assembly.example.com", "viewer"),
        })
            using (await Invitations.JoinAsync(fixture, owner, Slug, name, email, role))
            {
            }

        await using var visit = await fixture.VisitAsync();
        await visit.SignInAsync("olive@assembly.example.com");
        await visit.ForOrganizationAsync(Name);
        await Expect(visit.Heading).ToHaveTextAsync($"{Name}, 5 members");
        await visit.LookAsync("organization-members");
        foreach (var (button, dialog) in new[]
        {
            ("Remove Adam Admin", "Remove Adam Admin?"),
            ("Hand over to Adam Admin", $"Hand {Name} over to Adam Admin?"),
            ("Leave organization", $"Leave {Name}?"),
            ("Remove organization", $"Remove {Name}?"),
        })
            await DialogTests.ComesAndGoesAsync(visit, visit.Page.GetByRole(AriaRole.Button, new() { Name = button, Exact = true }), dialog);

        await visit.Page.GetByLabel("Role of Bill Billing").SelectOptionAsync("developer");
        await visit.SaysAsync("Bill Billing has another role now.");
        await visit.ClickAsync("Remove Bill Billing");
        await visit.LookAsync("organization-remove-member", whole: false);
        await visit.ClickAsync("Remove member");
        await Expect(visit.Heading).ToHaveTextAsync($"{Name}, 4 members");

        await using var viewer = await fixture.VisitAsync();
        await viewer.SignInAsync("vera@assembly.example.com");
        await viewer.ForOrganizationAsync(Name);
        await Expect(viewer.Heading).ToHaveTextAsync($"{Name}, 4 members");
        await Expect(viewer.Page.GetByRole(AriaRole.Button, new() { NameRegex = new("^(Remove|Hand over|Send|Save)") })).ToHaveCountAsync(0);
        await viewer.LookAsync("organization-viewer");
        await viewer.OpenAsync("/audit-log");
        await Expect(viewer.Page.GetByText($"As viewer of {Name} you do not read its log.")).ToBeVisibleAsync();
        await viewer.LookAsync("audit-log-viewer");
    }

    /// <summary>What is offered is what the server says of each role, permission by permission: to who works, and to who manages.</summary>
    [Fact]
    public async Task Developer_IsOfferedTheWork_AndAnAdminTheMembers_ButNotWhoIsOwner()
    {
        using var owner = await Invitations.OwnAsync(fixture, "offer-house", "Offer House", "Olga Offer", "olga.offer@example.com");
        using var working = await Invitations.JoinAsync(fixture, owner, "offer-house", "Dora Offer", "dora.offer@example.com", "developer");
        using var managing = await Invitations.JoinAsync(fixture, owner, "offer-house", "Abel Offer", "abel.offer@example.com", "admin");

        await using var developer = await fixture.VisitAsync();
        await developer.SignInAsync("dora.offer@example.com");
        await developer.ForOrganizationAsync("Offer House");
        await Expect(developer.Heading).ToHaveTextAsync("Offer House, 3 members");
        await Expect(developer.Page.GetByRole(AriaRole.Combobox, new() { NameRegex = new("^Role") })).ToHaveCountAsync(0);
        await Expect(developer.Page.GetByRole(AriaRole.Button, new() { NameRegex = new("^(Remove|Hand over|Send|Save)") })).ToHaveCountAsync(0);
        await developer.OpenAsync("/apis");
        await Expect(developer.Page.GetByRole(AriaRole.Link, new() { Name = "Import an API" })).ToBeVisibleAsync();
        await developer.OpenAsync("/meters");
        await Expect(developer.Page.GetByRole(AriaRole.Button, new() { Name = "Declare a meter" })).ToBeVisibleAsync();

        await using var admin = await fixture.VisitAsync();
        await admin.SignInAsync("abel.offer@example.com");
        await admin.ForOrganizationAsync("Offer House");
        await Expect(admin.Page.GetByLabel("Role of Dora Offer").GetByRole(AriaRole.Option)).ToHaveTextAsync(["admin", "developer", "billing", "viewer"]);
        await Expect(admin.Page.GetByLabel("Role", new() { Exact = true }).GetByRole(AriaRole.Option)).ToHaveTextAsync(["admin", "developer", "billing", "viewer"]);
        await Expect(admin.Page.GetByRole(AriaRole.Form, new() { Name = "Invite" }).GetByText("APIs, plans, subscriptions, keys, single calls")).ToBeVisibleAsync();
        await Expect(admin.Page.GetByRole(AriaRole.Button, new() { Name = "Remove Dora Offer" })).ToBeVisibleAsync();
        await Expect(admin.Page.GetByRole(AriaRole.Button, new() { NameRegex = new("^(Remove Olga|Hand over|Remove organization)") })).ToHaveCountAsync(0);
        await Expect(admin.Page.GetByLabel("Role of Olga Offer")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Viewer_IsOfferedNothingThatTheRoleRefuses_AndSeesNoErrors()
    {
        var town = await fixture.TownAsync();
        using var owner = await Invitations.OwnAsync(fixture, "view-house", "View House", "Vito View", "vito.view@example.com");
        using var member = await Invitations.JoinAsync(fixture, owner, "view-house", "Vivi View", "vivi.view@example.com", "viewer");
        await using var boss = await fixture.VisitAsync();
        await boss.SignInAsync("vito.view@example.com");
        await boss.ForOrganizationAsync("View House");
        await boss.OpenAsync(town.WeatherListing);
        await boss.ClickAsync("Subscribe to Free");
        await boss.FollowAsync("Go to the subscription");
        await Expect(boss.Page.GetByRole(AriaRole.Button, new() { Name = "Create key" })).ToBeVisibleAsync();

        await using var viewer = await fixture.VisitAsync();
        await viewer.SignInAsync("vivi.view@example.com");
        await viewer.ForOrganizationAsync("View House");
        await viewer.OpenAsync(new Uri(boss.Page.Url).PathAndQuery);
        await Expect(viewer.Page.GetByRole(AriaRole.Heading, new() { Name = "Keys" })).ToBeVisibleAsync();
        await Expect(viewer.Page.GetByText("Your role here does not show single calls.")).ToBeVisibleAsync();
        await OffersNothingAsync(viewer);
        await viewer.LookAsync("subscription-viewer");
        foreach (var (path, sentence) in new[]
        {
            ("/apis", "View House has no APIs yet"),
            ("/meters", "View House has no meters of its own yet"),
        })
        {
            await viewer.OpenAsync(path);
            await Expect(viewer.Page.GetByText(sentence).First).ToBeVisibleAsync();
            await OffersNothingAsync(viewer);
        }
        await viewer.OpenAsync("/apis/new");
        await Expect(viewer.Page.GetByText("As viewer of View House you cannot import an API for it.")).ToBeVisibleAsync();
        await Expect(viewer.Page.GetByLabel("OpenAPI document")).ToHaveCountAsync(0);
        // What is pasted for one's own organization is out of sight for this one, and not lost.
        await viewer.SwitchAsync("Vivi View");
        await viewer.Page.GetByLabel("OpenAPI document").FillAsync("openapi: 3.1.0");
        await viewer.SwitchAsync("View House");
        await Expect(viewer.Page.GetByLabel("OpenAPI document")).ToBeHiddenAsync();
        await viewer.SwitchAsync("Vivi View");
        await Expect(viewer.Page.GetByLabel("OpenAPI document")).ToHaveValueAsync("openapi: 3.1.0");
        await viewer.SwitchAsync("View House");
        await viewer.OpenAsync(town.WeatherListing);
        await viewer.Page.GetByRole(AriaRole.Radio, new() { Name = "Business" }).CheckAsync();
        await Expect(viewer.Page.GetByText("As viewer of View House you cannot subscribe for it.")).ToBeVisibleAsync();
        await OffersNothingAsync(viewer);
        viewer.Complaints.ShouldBeEmpty();
    }

    private static async Task OffersNothingAsync(Visit visit)
    {
        await Expect(visit.Page.GetByRole(AriaRole.Alert)).ToHaveCountAsync(0);
        foreach (var role in new[] { AriaRole.Button, AriaRole.Link })
            await Expect(visit.Page.GetByRole(role, new() { NameRegex = new("^(Create key|Change key|Cancel subscription|Subscribe to|Import an API|Declare a meter)") })).ToHaveCountAsync(0);
    }
}
