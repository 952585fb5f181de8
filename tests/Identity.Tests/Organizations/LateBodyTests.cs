using Tollgate.Identity.Tests.ApiTokens;

namespace Tollgate.Identity.Tests.Organizations;

/// <summary>
/// What ended while a request's body was on its way does not act any more. When no time passed, the rows under the organization's lock say so; when some did, whoever
/// calls is read anew.
/// </summary>
public sealed class LateBodyTests(OrganizationServer server) : IClassFixture<OrganizationServer>
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task MemberWhoWasMadeLess_ChangesNoRoleAndInvitesNobody(bool slow)
    {
        var ada = await server.PersonAsync();
        var (path, admin, viewer) = await SettingAsync(ada);
        Task MakeLessAsync() => MeanwhileAsync(slow, () => ada.MakeAsync($"{path}/members/{admin.Id}", new { role = "viewer" }, HttpMethod.Patch));
        (await SendAsync(admin.Token, HttpMethod.Patch, $"{path}/members/{viewer.Id}", new { role = "admin" }, MakeLessAsync)).ShouldBe((403, "FORBIDDEN"));

        await ada.MakeAsync($"{path}/members/{admin.Id}", new { role = "admin" }, HttpMethod.Patch);
        (await SendAsync(admin.Token, HttpMethod.Post, $"{path}/invitations", new { email = "friend@example.com", role = "admin" }, MakeLessAsync)).ShouldBe((403, "FORBIDDEN"));
        (await ada.GetAsync($"{path}/invitations")).Body.GetProperty("data").GetArrayLength().ShouldBe(0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OwnerWhoWasMadeAdmin_MakesNoOwner(bool slow)
    {
        var ada = await server.PersonAsync();
        var (path, admin, viewer) = await SettingAsync(ada);
        await ada.MakeAsync($"{path}/members/{admin.Id}", new { role = "owner" }, HttpMethod.Patch);
        (await SendAsync(admin.Token, HttpMethod.Patch, $"{path}/members/{viewer.Id}", new { role = "owner" },
            () => MeanwhileAsync(slow, () => ada.MakeAsync($"{path}/members/{admin.Id}", new { role = "admin" }, HttpMethod.Patch)))).ShouldBe((403, "FORBIDDEN"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task MemberWhoWasRemoved_ChangesNoRole(bool slow)
    {
        var ada = await server.PersonAsync();
        var (path, admin, viewer) = await SettingAsync(ada);
        (await SendAsync(admin.Token, HttpMethod.Patch, $"{path}/members/{viewer.Id}", new { role = "admin" },
            () => MeanwhileAsync(slow, () => ada.SendAsync(HttpMethod.Delete, $"{path}/members/{admin.Id}")))).ShouldBe((404, "NOT_FOUND"));
    }

    [Fact]
    public async Task SessionThatEnded_ChangesNothing()
    {
        var ada = await server.PersonAsync();
        var (path, _, _) = await SettingAsync(ada);
        (await SendAsync(ada.Token, HttpMethod.Patch, path, new { name = "Taken over" }, () => MeanwhileAsync(true, () => ada.SendAsync(HttpMethod.Post, "/auth/sessions/end-all")))).ShouldBe((401, "UNAUTHENTICATED"));
    }

    [Fact]
    public async Task ApiTokenThatEnded_ChangesNothing()
    {
        var ada = await server.PersonAsync();
        var (path, _, _) = await SettingAsync(ada);
        var (token, secret) = await ApiTokenTests.CreateAsync(ada, ["organization:write"]);
        (await SendAsync(secret, HttpMethod.Patch, path, new { name = "By token" }, () => MeanwhileAsync(true, () => Task.CompletedTask))).ShouldBe((200, ""));
        (await SendAsync(secret, HttpMethod.Patch, path, new { name = "Taken over" },
            () => MeanwhileAsync(true, () => ada.SendAsync(HttpMethod.Delete, $"/api/tokens/{IdentityServer.Text(token, "id")}")))).ShouldBe((401, "UNAUTHENTICATED"));
        IdentityServer.Text((await ada.GetAsync(path)).Body, "name").ShouldBe("By token");
    }

    private async Task MeanwhileAsync(bool slow, Func<Task> act)
    {
        await act();
        if (slow)
            server.Clock.Advance(TimeSpan.FromSeconds(1));
    }

    private Task<(int Status, string Code)> SendAsync(string token, HttpMethod method, string path, object body, Func<Task> meanwhile) =>
        LateBody.SendAsync(server.Server.Address, token, method, path, body, meanwhile);

    private async Task<(string Path, OrganizationServer.Person Admin, OrganizationServer.Person Viewer)> SettingAsync(OrganizationServer.Person owner)
    {
        var (organization, members) = await server.OrganizationAsync(owner, "admin", "viewer");
        return ($"/api/organizations/{IdentityServer.Text(organization, "slug")}", members[0], members[1]);
    }
}
