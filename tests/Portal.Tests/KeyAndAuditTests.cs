using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Tollgate.Portal.Tests;

/// <summary>Keys that are for something, and who did what with them; then what an operator sees.</summary>
[Collection("The keys of Ada")]
public sealed class KeyAndAuditTests(PortalFixture fixture)
{
    [Fact]
    public async Task Consumer_MakesAKeyForOneEndpoint_RotatesIt_AndTheAuditLogTellsIt()
    {
        var town = await fixture.TownAsync();
        await using var visit = await fixture.VisitAsync();
        await visit.SignInAsync(Town.Ada);
        await visit.OpenAsync($"/subscriptions/{town.Subscription}");
        await visit.ClickAsync("Create key");
        var dialog = visit.Page.GetByRole(AriaRole.Dialog, new() { Name = "Create a key" });
        await dialog.GetByLabel("Name").FillAsync("Ticker");
        await dialog.GetByText("Only some", new() { Exact = true }).ClickAsync();
        await Expect(dialog.GetByRole(AriaRole.Button, new() { Name = "Create and show once" })).ToBeDisabledAsync();
        await dialog.GetByRole(AriaRole.Checkbox, new() { Name = "GET /latest" }).CheckAsync();
        await dialog.GetByLabel("Addresses").FillAsync("not an address");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Create and show once" }).ClickAsync();
        await Expect(dialog).ToContainTextAsync("An address or a CIDR range");
        await visit.LookAsync("key-create", whole: false);
        await dialog.GetByLabel("Addresses").FillAsync("192.0.2.0/24\n2001:db8::/32");
        await dialog.GetByLabel("Last day").FillAsync("2099-12-31");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Create and show once" }).ClickAsync();
        await Expect(visit.Page.GetByRole(AriaRole.Region, new() { Name = "Your new key" })).ToBeVisibleAsync();
        await visit.ClickAsync("I have kept it");
        var row = visit.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = "Ticker" });
        await Expect(row).ToContainTextAsync("GET /latest");
        await Expect(row).ToContainTextAsync("from 2 address ranges");
        await visit.LookAsync("key-table");

        await row.GetByRole(AriaRole.Button, new() { Name = "Change key Ticker" }).ClickAsync();
        await Axe.AssertFineAsync(visit.Page, "key menu");
        await visit.Page.GetByRole(AriaRole.Menuitem, new() { Name = "Rotate key" }).ClickAsync();
        var rotate = visit.Page.GetByRole(AriaRole.Dialog, new() { Name = "Rotate Ticker" });
        await rotate.GetByLabel("The old key still works for").SelectOptionAsync("3600");
        await visit.LookAsync("key-rotate", whole: false);
        await rotate.GetByRole(AriaRole.Button, new() { Name = "Rotate and show once" }).ClickAsync();
        await Expect(visit.Page.GetByRole(AriaRole.Region, new() { Name = "Your new key" })).ToBeVisibleAsync();
        await Expect(visit.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = "Ticker" })).ToHaveCountAsync(2);

        await visit.OpenAsync("/audit-log?action=key");
        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Key rotated" }).First.ClickAsync();
        var entry = visit.Page.GetByRole(AriaRole.Complementary, new() { Name = "Key rotated" });
        await Expect(entry).ToContainTextAsync(Town.Ada);
        await Expect(entry).ToContainTextAsync("replaced_by");
        await visit.LookAsync("audit-entry");
        await visit.Page.GetByLabel("Action", new() { Exact = true }).FillAsync("key.revoked");
        await visit.ClickAsync("Search");
        await Expect(visit.Page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("action=key.revoked"));
        var file = await visit.Page.RunAndWaitForDownloadAsync(() => visit.FollowAsync("Export CSV"));
        (await File.ReadAllTextAsync(await file.PathAsync())).ShouldStartWith("id,at,account_id,actor");
        visit.Complaints.Where(each => !each.Contains("422", StringComparison.Ordinal)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Operator_FindsAnAccount_DisablesAndEnablesIt()
    {
        var town = await fixture.TownAsync();
        using var somebody = await town.SignUpAsync("Somebody Else", "somebody.else@example.com");
        await using var visit = await fixture.VisitAsync();
        await visit.SignInAsync(Town.Ada);
        await visit.OpenAsync("/admin");
        await visit.Page.GetByRole(AriaRole.Searchbox).FillAsync("somebody.else");
        await visit.ClickAsync("Search");
        await visit.ClickAsync("somebody.else@example.com");
        await Expect(visit.Page.GetByText("1 live session", new() { Exact = true })).ToBeVisibleAsync();
        await visit.LookAsync("admin-account");
        await visit.ClickAsync("Disable account");
        var dialog = visit.Page.GetByRole(AriaRole.Dialog);
        await Axe.AssertFineAsync(visit.Page, "disable account");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Disable account", Exact = true }).ClickAsync();
        await Expect(visit.Page.GetByText("0 live sessions", new() { Exact = true })).ToBeVisibleAsync();
        using (var me = await somebody.GetAsync("/me"))
            ((int)me.StatusCode).ShouldBe(401);
        await visit.ClickAsync("Enable account");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Enable account", Exact = true }).ClickAsync();
        await Expect(visit.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = "somebody.else" })).ToContainTextAsync("active");
        visit.Complaints.ShouldBeEmpty();
    }
}
