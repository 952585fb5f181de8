using Tollgate.Identity.Tests.ApiTokens;

namespace Tollgate.Identity.Tests.Organizations;

/// <summary>Who is owner is changed by a person who has shown lately who it is.</summary>
public sealed class OwnerActTests(OrganizationServer server) : IClassFixture<OrganizationServer>
{
    [Fact]
    public async Task MakingAndUnmakingOwners_ByAnApiToken_IsRefused()
    {
        var ada = await server.PersonAsync();
        var (path, other, developer) = await SettingAsync(ada);
        var (_, secret) = await ApiTokenTests.CreateAsync(ada, ["organization:write"]);
        foreach (var (method, where, body) in OwnerActs(path, other, developer))
        {
            var (status, answer) = await ApiTokenTests.SendAsync(server, secret, method, where, body);
            (status, IdentityServer.Text(answer, "code")).ShouldBe((403, "SESSION_REQUIRED"), $"{method} {where}");
        }
        (await ApiTokenTests.SendAsync(server, secret, HttpMethod.Patch, $"{path}/members/{developer.Id}", new { role = "viewer" })).Status.ShouldBe(200);
        (await ApiTokenTests.SendAsync(server, secret, HttpMethod.Post, $"{path}/invitations", new { email = "by-token@example.com", role = "admin" })).Status.ShouldBe(201);
    }

    [Fact]
    public async Task MakingAndUnmakingOwners_LongAfterSigningIn_NeedsToShowAgainWhoItIs()
    {
        var ada = await server.PersonAsync();
        var (path, other, developer) = await SettingAsync(ada);
        await server.ShownLongAgoAsync(ada);
        foreach (var (method, where, body) in OwnerActs(path, other, developer))
            await ada.RefusedAsync(method, where, body, 403, "STEP_UP_REQUIRED");
        await ada.MakeAsync($"{path}/members/{developer.Id}", new { role = "viewer" }, HttpMethod.Patch);
        await ada.RefusedAsync(HttpMethod.Delete, path, null, 403, "STEP_UP_REQUIRED");

        await ada.MakeAsync("/auth/step-up", new { password = "correct horse battery staple" });
        foreach (var (method, where, body) in OwnerActs(path, other, developer))
            (await ada.SendAsync(method, where, body)).Status.ShouldBeInRange(200, 299, $"{method} {where}");
        (await ada.SendAsync(HttpMethod.Delete, path)).Status.ShouldBe(204);
    }

    private async Task<(string Path, OrganizationServer.Person Other, OrganizationServer.Person Developer)> SettingAsync(OrganizationServer.Person owner)
    {
        var (organization, members) = await server.OrganizationAsync(owner, "owner", "developer");
        return ($"/api/organizations/{IdentityServer.Text(organization, "slug")}", members[0], members[1]);
    }

    private static (HttpMethod Method, string Path, object? Body)[] OwnerActs(string path, OrganizationServer.Person other, OrganizationServer.Person developer) =>
    [
        (HttpMethod.Patch, $"{path}/members/{developer.Id}", new { role = "owner" }),
        (HttpMethod.Post, $"{path}/invitations", new { email = $"heir-of-{other.Email}", role = "owner" }),
        (HttpMethod.Patch, $"{path}/members/{other.Id}", new { role = "admin" }),
        (HttpMethod.Delete, $"{path}/members/{other.Id}", null),
    ];
}
