using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Tollgate.Portal.Tests;

/// <summary>Who manages an organization sees which members a password alone lets in.</summary>
public sealed class MemberFactorTests(PortalFixture fixture)
{
    private const string Lack = "No second factor";

    [Fact]
    public async Task Owner_SeesWhoHasNone_BeforeAndAfterAskingForIt_AndAViewerDoesNot()
    {
        using var owner = await Invitations.OwnAsync(fixture, "factor-house", "Factor House", "Fay Factor", "fay.factor@example.com");
        using var with = await Invitations.JoinAsync(fixture, owner, "factor-house", "Will With", "will.with@example.com", "admin");
        using var without = await Invitations.JoinAsync(fixture, owner, "factor-house", "Wanda Without-Featherstonehaugh", "wanda.without.featherstonehaugh@meteorology.example.com", "viewer");
        await Factors.TurnOnAsync(with);

        await using var visit = await fixture.VisitAsync();
        await visit.SignInAsync("fay.factor@example.com");
        await visit.ForOrganizationAsync("Factor House");
        await Expect(Row(visit, "will.with")).Not.ToContainTextAsync(Lack);
        await Expect(Row(visit, "wanda.without")).ToContainTextAsync(Lack);
        await Expect(Row(visit, "fay.factor")).ToContainTextAsync(Lack);
        await Expect(visit.Page.GetByText("2 members have no second factor: a password or a mailbox alone lets in.")).ToBeVisibleAsync();
        await visit.LookAsync("members-second-factor");
        await visit.ClickAsync("Ask for a second factor");
        await Expect(visit.Page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("Without one today: Fay Factor, Wanda Without-Featherstonehaugh.");
        await visit.LookAsync("members-second-factor-ask", whole: false);
        await visit.Page.Keyboard.PressAsync("Escape");

        // One's own is told from the moment it is on, without loading the page anew.
        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Account of Fay Factor" }).ClickAsync();
        await visit.Page.GetByRole(AriaRole.Menuitem, new() { Name = "Account security" }).ClickAsync();
        await AppTests.SetUpAsync(visit);
        await visit.FollowAsync("Organization");
        await Expect(Row(visit, "fay.factor")).Not.ToContainTextAsync(Lack);
        await Expect(visit.Page.GetByText("1 member has no second factor: a password or a mailbox alone lets in.")).ToBeVisibleAsync();
        await visit.ClickAsync("Ask for a second factor");
        await visit.ClickAsync("Ask for it");
        await Expect(visit.Page.GetByText("1 member has no second factor, and sees nothing of Factor House until one is set up.")).ToBeVisibleAsync();
        await visit.LookAsync("members-second-factor-asked");
        await visit.ClickAsync("Ask no more");
        await visit.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Ask no more" }).ClickAsync();

        await using var viewer = await fixture.VisitAsync();
        await viewer.SignInAsync("wanda.without.featherstonehaugh@meteorology.example.com");
        await viewer.ForOrganizationAsync("Factor House");
        await Expect(Row(viewer, "fay.factor")).ToBeVisibleAsync();
        await Expect(viewer.Page.GetByText(Lack)).ToHaveCountAsync(0);
        await Expect(viewer.Page.GetByText("no second factor:")).ToHaveCountAsync(0);
    }

    private static ILocator Row(Visit visit, string email) => visit.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = email });
}
