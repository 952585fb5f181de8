using System.Net.Http.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Tollgate.TestKit;
using static Microsoft.Playwright.Assertions;

namespace Tollgate.Portal.Tests;

/// <summary>Somebody makes an organization and invites somebody; then what belongs to the account: devices and API tokens.</summary>
public sealed partial class OrganizationTests(PortalFixture fixture)
{
    private const string Owner = "founder@example.com";
    private const string Colleague = "colleague@example.com";

    [Fact]
    public async Task Owner_MakesAnOrganization_AndInvites()
    {
        var town = await fixture.TownAsync();
        using var founder = await town.SignUpAsync("Founder", Owner);
        await using var owner = await fixture.VisitAsync();
        await owner.SignInAsync(Owner);
        await owner.OpenAsync("/organization");
        await Expect(owner.Heading).ToHaveTextAsync("Founder, yours alone");
        await owner.ClickAsync("New organization");
        var dialog = owner.Page.GetByRole(AriaRole.Dialog);
        await dialog.GetByLabel("Name").FillAsync("Tide Works");
        await dialog.GetByLabel("Slug").FillAsync("Tide Works");
        await owner.ClickAsync("Create organization");
        await Expect(dialog.GetByText("Lower-case letters and digits")).ToBeVisibleAsync();
        await dialog.GetByLabel("Slug").FillAsync("");
        await owner.ClickAsync("Create organization");
        await Expect(owner.Heading).ToHaveTextAsync("Tide Works, 1 member");

        await owner.Page.GetByLabel("E-mail").FillAsync(Colleague);
        await owner.Page.GetByLabel("Role", new() { Exact = true }).SelectOptionAsync("viewer");
        await owner.ClickAsync("Send invitation");
        await Expect(owner.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = Colleague })).ToContainTextAsync("viewer");
        using (var made = await founder.PostAsJsonAsync("/api/tokens", new { name = "Tide report", organization = "tide-works", scopes = new[] { "usage:read" } }))
            ((int)made.StatusCode).ShouldBe(201);
        await owner.OpenAsync("/organization");
        await Expect(owner.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = "Tide report" })).ToContainTextAsync("of Founder");
        await owner.LookAsync("organization-invited");
        await owner.ClickAsync("End token Tide report");
        await owner.ClickAsync("End token");
        await Expect(owner.Page.GetByText("No member has made a token for Tide Works alone.")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task ApiToken_IsShownOnce_AndEnded()
    {
        var town = await fixture.TownAsync();
        using var maker = await town.SignUpAsync("Token Maker", "token.maker@example.com");
        await using var visit = await fixture.VisitAsync();
        await visit.SignInAsync("token.maker@example.com");
        await visit.OpenAsync("/tokens");
        await visit.ClickAsync("Create a token");
        await visit.Page.GetByLabel("Name").FillAsync("Deploy from CI");
        await visit.ClickAsync("Create and show once");
        await Expect(visit.Page.GetByText("At least one scope.")).ToBeVisibleAsync();
        await visit.Page.GetByLabel("APIs, plans, meters").SelectOptionAsync("write");
        await visit.LookAsync("token-new", whole: false);
        await visit.ClickAsync("Create and show once");
        await Expect(visit.Page.GetByText("Deploy from CI is ready.")).ToBeVisibleAsync();
        await visit.LookAsync("token-issued");
        var secret = await visit.Page.GetByText(Secret()).First.InnerTextAsync();
        using (var client = RunningProgram.NewClient(fixture.Program.Control))
        {
            client.DefaultRequestHeaders.Authorization = new("Bearer", secret);
            using var used = await client.GetAsync(new Uri("/api/apis", UriKind.Relative), TestContext.Current.CancellationToken);
            ((int)used.StatusCode).ShouldBe(200);
        }
        await visit.OpenAsync("/tokens");
        await Expect(visit.Page.GetByText(secret)).ToHaveCountAsync(0);
        await visit.LookAsync("tokens");
        await visit.ClickAsync("End token Deploy from CI");
        await visit.ClickAsync("End token");
        await Expect(visit.Heading).ToHaveTextAsync("API tokens");
    }

    [Fact]
    public async Task Devices_OthersAreSignedOut()
    {
        var town = await fixture.TownAsync();
        using var other = await town.SignUpAsync("Two Devices", "two.devices@example.com");
        await using var visit = await fixture.VisitAsync();
        await visit.SignInAsync("two.devices@example.com");
        await visit.OpenAsync("/devices");
        await Expect(visit.Heading).ToHaveTextAsync("2 devices signed in");
        await visit.LookAsync("devices");
        await visit.ClickAsync("Sign out all others");
        await Expect(visit.Heading).ToHaveTextAsync("1 device signed in");
        using var refused = await other.GetAsync(new Uri("/me", UriKind.Relative), TestContext.Current.CancellationToken);
        ((int)refused.StatusCode).ShouldBe(401);
        await visit.ClickAsync("Sign out everywhere");
        await visit.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Sign out everywhere" }).ClickAsync();
        await Expect(visit.Heading).ToHaveTextAsync("Sign in");
        await visit.Page.GotoAsync("/devices");
        await Expect(visit.Heading).ToHaveTextAsync("Sign in");
    }

    [GeneratedRegex("^tgp_[A-Za-z0-9]{36}$", RegexOptions.None, 1000)]
    private static partial Regex Secret();
}
