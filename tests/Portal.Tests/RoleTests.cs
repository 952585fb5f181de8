using System.Net.Http.Json;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Tollgate.Portal.Tests;

/// <summary>An organization with a member of every role: what its owner can do with them, and what its viewer sees.</summary>
public sealed class RoleTests(PortalFixture fixture)
{
    private const string Name = "Grand Assembly of Meteorological Offices";
    private const string Slug = "grand-assembly";

    [Fact]
    public async Task Owner_ChangesARole_AndRemovesAMember_AndTheViewerOnlySees()
    {
        var town = await fixture.TownAsync();
        using var owner = await town.SignUpAsync("Olive Owner", "olive@assembly.example.com");
        using (var made = await owner.PostAsJsonAsync("/api/organizations", new { name = Name, slug = Slug }))
            ((int)made.StatusCode).ShouldBe(201, await made.Content.ReadAsStringAsync());
        foreach (var (name, email, role) in new[]
        {
            ("Adam Admin", "adam@assembly.example.com", "admin"),
            ("Dorothea Featherstonehaugh-Cholmondeley", "dorothea.featherstonehaugh-cholmondeley@development.assembly.example.com", "developer"),
            ("Bill Billing", "bill@assembly.example.com", "billing"),
            ("Vera Viewer", "vera@assembly.example.com", "viewer"),
        })
            await JoinAsync(town, owner, name, email, role);

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
        await Expect(visit.Page.GetByText("Bill Billing has another role now.", new() { Exact = true })).ToBeVisibleAsync();
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
        await Expect(viewer.Page.GetByText($"The log of {Name} is for its owners and admins.")).ToBeVisibleAsync();
        await viewer.LookAsync("audit-log-viewer");
    }

    private async Task JoinAsync(Town town, HttpClient owner, string name, string email, string role)
    {
        using var member = await town.SignUpAsync(name, email);
        using (var sent = await owner.PostAsJsonAsync($"/api/organizations/{Slug}/invitations", new { email, role }))
            ((int)sent.StatusCode).ShouldBe(201, await sent.Content.ReadAsStringAsync());
        var token = Mails.LinkOf(await fixture.Program.MailAsync(email, "/invitation#")).Split('#')[1];
        using var joined = await member.PostAsJsonAsync("/api/invitations/accept", new { token });
        joined.IsSuccessStatusCode.ShouldBeTrue(await joined.Content.ReadAsStringAsync());
    }
}
