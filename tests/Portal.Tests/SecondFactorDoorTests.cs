using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Tollgate.Portal.Tests;

/// <summary>Whoever has a second factor, in a session that has not shown it, shows it at the organization's door.</summary>
public sealed class SecondFactorDoorTests(PortalFixture fixture)
{
    [Fact]
    public async Task Code_OfTheApp_OpensTheDoor_AndAWrongOneSaysSo()
    {
        using var owner = await Invitations.OwnAsync(fixture, "door-works", "Door Works", "Dora Door", "dora.door@example.com");
        await using var visit = await fixture.VisitAsync();
        // This browser was signed in before there was a factor.
        await visit.SignInAsync("dora.door@example.com");
        var factors = await Factors.TurnOnAsync(owner);
        await Factors.AskAsync(owner, "door-works");
        await visit.ForOrganizationAsync("Door Works");
        await Expect(visit.Heading).ToHaveTextAsync("Door Works asks for a second factor");

        var code = visit.Page.GetByLabel("Code of your authenticator app");
        await Expect(code).ToBeFocusedAsync();
        await code.FillAsync(factors.WrongCode);
        await code.PressAsync("Enter");
        await Expect(visit.Page.GetByText("This code is wrong or was used before.", new() { Exact = true })).ToBeVisibleAsync();
        await Expect(code).ToHaveAttributeAsync("aria-invalid", "true");
        await Expect(code).ToBeFocusedAsync();
        await visit.LookAsync("second-factor-door-wrong");
        // Nothing of the organization came with it.
        await Expect(visit.Heading).ToHaveTextAsync("Door Works asks for a second factor");

        await code.FillAsync(factors.NextCode);
        await code.PressAsync("Enter");
        await Expect(visit.Heading).ToHaveTextAsync("Door Works, 1 member");
        // The field is gone; the next Tab begins in the page that came.
        await Expect(visit.Page.GetByRole(AriaRole.Main)).ToBeFocusedAsync();
        await visit.OpenAsync("/apis");
        await Expect(visit.Heading).ToHaveTextAsync("My APIs");
        visit.Complaints.Where(each => !each.Contains("422", StringComparison.Ordinal) && !each.Contains("403", StringComparison.Ordinal)).ShouldBeEmpty();
    }

    [Fact]
    public async Task RecoveryCode_OpensTheDoor_WhereTheAppIsGone()
    {
        using var owner = await Invitations.OwnAsync(fixture, "spare-works", "Spare Works", "Sam Spare", "sam.spare@example.com");
        await using var visit = await fixture.VisitAsync();
        await visit.SignInAsync("sam.spare@example.com");
        var factors = await Factors.TurnOnAsync(owner);
        await Factors.AskAsync(owner, "spare-works");
        await visit.ForOrganizationAsync("Spare Works");
        await visit.ClickAsync("Use a recovery code");
        await visit.LookAsync("second-factor-door-recovery");
        var code = visit.Page.GetByLabel("Recovery code");
        await Expect(code).ToBeFocusedAsync();
        await code.FillAsync(factors.RecoveryCodes[0]);
        await visit.ClickAsync("Go on");
        await Expect(visit.Heading).ToHaveTextAsync("Spare Works, 1 member");
    }

    [Fact]
    public async Task WhoHasAFactor_ShowsItToLeave()
    {
        using var owner = await Invitations.OwnAsync(fixture, "exit-works", "Exit Works", "Eva Exit", "eva.exit@example.com");
        using var member = await Invitations.JoinAsync(fixture, owner, "exit-works", "Mia Member", "mia.member@example.com", "developer");
        await using var visit = await fixture.VisitAsync();
        await visit.SignInAsync("mia.member@example.com");
        await Factors.TurnOnAsync(owner);
        await Factors.AskAsync(owner, "exit-works");
        var factors = await Factors.TurnOnAsync(member);
        await visit.ForOrganizationAsync("Exit Works");
        await visit.ClickAsync("Leave organization");
        await visit.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Leave organization" }).ClickAsync();
        var question = visit.Page.GetByRole(AriaRole.Dialog, new() { Name = "Is it you?" });
        await Expect(question).ToContainTextAsync("This ends your membership of Exit Works.");
        await question.GetByLabel("Code of your authenticator app").FillAsync(factors.NextCode);
        await question.GetByRole(AriaRole.Button, new() { Name = "Go on" }).ClickAsync();
        await Expect(visit.Page).ToHaveURLAsync(new Regex("/subscriptions$"));
        await Expect(visit.Heading).ToHaveTextAsync("Subscriptions");
    }
}
