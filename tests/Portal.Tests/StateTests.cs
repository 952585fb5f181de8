using Microsoft.Playwright;
using Tollgate.TestKit;
using static Microsoft.Playwright.Assertions;

namespace Tollgate.Portal.Tests;

/// <summary>When there is nothing, or something went wrong: the page says what, and which way leads on.</summary>
public sealed class StateTests(PortalFixture fixture)
{
    [Theory]
    [InlineData("/no/such/page")]
    [InlineData("/marketplace/nobody/nothing")]
    public async Task UnknownPage_SaysSo_AndLeadsToTheCatalog(string path)
    {
        await using var visit = await fixture.VisitAsync();
        await visit.OpenAsync(path);
        await Expect(visit.Heading).ToHaveTextAsync("There is no page at this address");
        await visit.FollowAsync("Open the catalog");
        await Expect(visit.Page.GetByRole(AriaRole.Searchbox, new() { Name = "Search the catalog" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task FailingRequest_ShowsCodeAndRequestId()
    {
        await fixture.TownAsync();
        await using var visit = await fixture.VisitAsync();
        await visit.SignInAsync(Town.Ada);
        var failing = visit.Page.WaitForResponseAsync(response => response.Url.Contains("/api/subscriptions/sub_", StringComparison.Ordinal) && response.Status >= 400);
        await visit.Page.GotoAsync("/subscriptions/sub_00000000000000000000000000");
        var requestId = (await (await failing).AllHeadersAsync())["x-request-id"];
        var alert = visit.Page.GetByRole(AriaRole.Alert);
        await Expect(alert).ToContainTextAsync("NOT_FOUND");
        await Expect(alert.GetByRole(AriaRole.Button, new() { Name = "Copy request id" })).ToBeVisibleAsync();
        (await alert.InnerTextAsync()).ShouldMatch("req_");
        requestId.ShouldStartWith("req_");
    }

    [Fact]
    public async Task ServerNotReachable_SaysSo_AndThePageComesByItself()
    {
        await fixture.TownAsync();
        await using var visit = await fixture.VisitAsync();
        await visit.OpenAsync("/sign-in");
        await visit.Context.RouteAsync("**/marketplace/discover**", route => route.AbortAsync());
        await visit.Context.RouteAsync("**/healthz", route => route.AbortAsync());
        await visit.Page.GetByRole(AriaRole.Link, new() { Name = "Tollgate" }).ClickAsync();
        var alert = visit.Page.GetByRole(AriaRole.Alert);
        await Expect(alert).ToContainTextAsync("Tollgate did not answer");
        await visit.ScreenshotAsync("not-reachable");
        await visit.Context.UnrouteAllAsync();
        await Expect(visit.Page.GetByRole(AriaRole.List, new() { Name = "APIs" })).ToContainTextAsync("Exchange Rates");
    }

    [Fact]
    public async Task AddressNotConfirmed_IsSaidInWords_AndLeadsToTheCodeAndBack()
    {
        const string email = "una.confirmed@example.com";
        await using var visit = await fixture.VisitAsync();
        var page = visit.Page;
        await visit.RegisterAsync("Una Confirmed", email);
        await visit.OpenAsync("/organization");
        await visit.ClickAsync("New organization");
        await page.GetByRole(AriaRole.Dialog).GetByLabel("Name").FillAsync("Una Works");
        await visit.ClickAsync("Create organization");
        await Expect(visit.Heading).ToHaveTextAsync("Una Works, 1 member");
        await page.GetByLabel("E-mail").FillAsync("somebody.invited@example.com");
        await visit.ClickAsync("Send invitation");
        var alert = page.GetByRole(AriaRole.Alert);
        await Expect(alert).ToContainTextAsync("Your address is not confirmed yet.");
        await Expect(alert).Not.ToContainTextAsync("POST");
        await visit.LookAsync("unconfirmed-invites");
        await alert.GetByRole(AriaRole.Link, new() { Name = "Account security" }).ClickAsync();
        var why = page.GetByRole(AriaRole.Region, new() { Name = "Why you are here" });
        await Expect(why).ToContainTextAsync("type the code of its mail below");
        await page.GetByLabel("Code of the mail").FillAsync(Mails.CodeOf(await fixture.Program.MailAsync(email, "/verify-email#")));
        await visit.ClickAsync("Confirm");
        await Expect(page.GetByText($"{email}, confirmed.")).ToBeVisibleAsync();
        await Expect(why).Not.ToContainTextAsync("not confirmed yet");
        await visit.ClickAsync("Back to where you were");
        await Expect(visit.Heading).ToHaveTextAsync("Una Works, 1 member");
    }

    [Fact]
    public async Task UpstreamDown_TheFailedCallIsInTheLogAndNotBilled()
    {
        var town = await fixture.TownAsync();
        using var provider = await town.SignUpAsync("Closed Shop", "closed.shop@example.com");
        var upstream = await FakeUpstream.StartAsync();
        var api = await town.PublishAsync(provider, Documents.Small("Closed", "/look"), "Closed", "closed", upstream.Address.ToString(), "Its server is down", Documents.RatesPlans);
        await upstream.DisposeAsync();
        var (id, secret) = await town.SubscribeAsync(provider, api.GetProperty("id").GetString()!);
        using var http = RunningProgram.NewClient(fixture.Program.Gateway);
        using var request = new HttpRequestMessage(HttpMethod.Get, api.GetProperty("gateway_url").GetString()!.TrimEnd('/') + "/look");
        request.Headers.Authorization = new("Bearer", secret);
        using var answer = await http.SendAsync(request);
        ((int)answer.StatusCode).ShouldBe(502);

        await using var visit = await fixture.VisitAsync();
        await visit.SignInAsync("closed.shop@example.com");
        await visit.OpenAsync($"/subscriptions/{id}?show=errors");
        var call = visit.Page.GetByRole(AriaRole.Button, new() { Name = "GET /look" });
        await visit.UntilShownAsync(call);
        await call.ClickAsync();
        var detail = visit.Page.GetByRole(AriaRole.Complementary, new() { Name = "Call" });
        await Expect(detail).ToContainTextAsync("The upstream failed");
        await Expect(detail).ToContainTextAsync("502");
        await Axe.AssertFineAsync(visit.Page, "call detail");
        await visit.ScreenshotAsync("call-detail");
    }
}
