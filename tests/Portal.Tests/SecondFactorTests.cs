using System.Net.Http.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Tollgate.Portal.Tests;

/// <summary>An owner asks a second factor of everybody: who has none is told so, led to where one is set up, and back.</summary>
public sealed class SecondFactorTests(PortalFixture fixture)
{
    private const string Owner = "sara.safe@example.com";
    private const string Member = "mick.member@example.com";

    [Fact]
    public async Task Owner_AsksForASecondFactor_AndAMemberWithoutOneIsLedThereAndBack()
    {
        var town = await fixture.TownAsync();
        using var owner = await town.SignUpAsync("Sara Safe", Owner);
        using (var made = await owner.PostAsJsonAsync("/api/organizations", new { name = "Safe House", slug = "safe-house" }))
            ((int)made.StatusCode).ShouldBe(201);
        using var member = await town.SignUpAsync("Mick Member", Member);
        using (var sent = await owner.PostAsJsonAsync("/api/organizations/safe-house/invitations", new { email = Member, role = "developer" }))
            ((int)sent.StatusCode).ShouldBe(201);
        var token = Mails.LinkOf(await fixture.Program.MailAsync(Member, "/invitation#")).Split('#')[1];
        using (var joined = await member.PostAsJsonAsync("/api/invitations/accept", new { token }))
            joined.IsSuccessStatusCode.ShouldBeTrue();

        await using var asking = await fixture.VisitAsync();
        await asking.SignInAsync(Owner);
        await asking.ForOrganizationAsync("Safe House");
        await AskAsync(asking, look: true);
        var dialog = asking.Page.GetByRole(AriaRole.Dialog);
        await Expect(dialog.GetByRole(AriaRole.Alert)).ToContainTextAsync("NO_SECOND_FACTOR");
        await dialog.GetByRole(AriaRole.Link, new() { Name = "Account security", Exact = true }).ClickAsync();
        await AppTests.SetUpAsync(asking);
        await asking.ClickAsync("Back to where you were");
        await AskAsync(asking, look: false);
        await Expect(asking.Page.GetByText("Asked of every member")).ToBeVisibleAsync();
        await asking.LookAsync("second-factor-asked");

        await using var asked = await fixture.VisitAsync();
        await asked.SignInAsync(Member);
        await asked.ForOrganizationAsync("Safe House");
        await Expect(asked.Heading).ToHaveTextAsync("Safe House asks for a second factor");
        await asked.LookAsync("second-factor-door");
        await asked.OpenAsync("/subscriptions");
        await Expect(asked.Heading).ToHaveTextAsync("Safe House asks for a second factor");
        await using var elsewhere = await fixture.VisitAsync();
        await elsewhere.SignInAsync(Member);
        await asked.FollowAsync("Set up a second factor");
        await Expect(asked.Page.GetByRole(AriaRole.Region, new() { Name = "Why you are here" })).ToContainTextAsync("Safe House asks for a second factor");
        await asked.LookAsync("second-factor-account");
        await AppTests.SetUpAsync(asked);
        await asked.ClickAsync("Back to where you were");
        await Expect(asked.Page).ToHaveURLAsync(new Regex("/subscriptions$"));
        await Expect(asked.Heading).ToHaveTextAsync("Subscriptions");

        await elsewhere.OpenAsync("/account");
        await Expect(elsewhere.Page.GetByRole(AriaRole.Region, new() { Name = "Why you are here" })).ToContainTextAsync("this session has not shown it yet");
        await elsewhere.LookAsync("second-factor-unshown");
        await elsewhere.OpenAsync("/organization");
        await elsewhere.ForOrganizationAsync("Safe House");
        await Expect(elsewhere.Heading).ToHaveTextAsync("Safe House asks for a second factor");
        await Expect(elsewhere.Page.GetByRole(AriaRole.Main)).ToContainTextAsync("this session has not shown it yet");
        await elsewhere.LookAsync("second-factor-show");
    }

    private static async Task AskAsync(Visit visit, bool look)
    {
        await visit.ClickAsync("Ask for a second factor");
        if (look)
            await visit.LookAsync("second-factor-ask", whole: false);
        await visit.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Ask for it" }).ClickAsync();
    }
}
