using System.Text.Json;
using Tollgate.Identity.Tests.ApiTokens;
using Tollgate.TestKit;

namespace Tollgate.Identity.Tests.Organizations;

public sealed class MemberTests(OrganizationServer server) : IClassFixture<OrganizationServer>
{
    [Fact]
    public async Task Members_SeeEachOtherAndNobodyElseDoes()
    {
        var ada = await server.PersonAsync();
        var (organization, members) = await server.OrganizationAsync(ada, "viewer", "billing");
        var path = $"/api/organizations/{IdentityServer.Text(organization, "slug")}/members";
        var (_, seen, _) = await members[0].GetAsync(path);
        seen.GetProperty("data").EnumerateArray().Select(one => (IdentityServer.Text(one, "email"), IdentityServer.Text(one, "role"), one.GetProperty("you").GetBoolean()))
            .ShouldBe([(ada.Email, "owner", false), (members[1].Email, "billing", false), (members[0].Email, "viewer", true)]);
        (await (await server.PersonAsync("Eve")).GetAsync(path)).Status.ShouldBe(404);
    }

    [Fact]
    public async Task SecondFactor_OfEach_IsToldToWhoManagesMembers_AndToNobodyElse()
    {
        var ada = await server.PersonAsync();
        var (organization, members) = await server.OrganizationAsync(ada, "admin", "developer", "viewer");
        var path = $"/api/organizations/{IdentityServer.Text(organization, "slug")}/members";
        var (admin, developer, viewer) = (members[0], members[1], members[2]);
        var app = new AuthenticatorApp(IdentityServer.Text(await ada.MakeAsync("/auth/totp", new { }), "secret"));
        await ada.MakeAsync("/auth/totp/confirm", new { code = app.CodeAt(server.Clock.GetUtcNow()) });
        using var device = new FakeAuthenticator(server.Server.Address);
        var asked = await viewer.MakeAsync("/auth/passkeys/options", new { });
        await viewer.MakeAsync("/auth/passkeys", new { challenge = IdentityServer.Text(asked, "challenge"), name = "Phone", credential = device.Create(asked.GetProperty("options")) });
        // One that has shown no code is none.
        await developer.MakeAsync("/auth/totp", new { });

        static IEnumerable<(string, bool?)> Factors(JsonElement list) => list.GetProperty("data").EnumerateArray().Select(one => (IdentityServer.Text(one, "account"), one.GetProperty("second_factor") is { ValueKind: not JsonValueKind.Null } told ? told.GetBoolean() : (bool?)null));
        (string, bool?)[] all = [(ada.Id, true), (admin.Id, false), (developer.Id, false), (viewer.Id, true)];
        foreach (var person in new[] { ada, admin })
            Factors((await person.GetAsync(path)).Body).ShouldBe(all);
        foreach (var person in new[] { developer, viewer })
            Factors((await person.GetAsync(path)).Body).ShouldBe(all.Select(one => (one.Item1, (bool?)null)));
        foreach (var (scope, told) in new[] { ("organization:read", false), ("organization:write", true) })
        {
            var (_, token) = await ApiTokenTests.CreateAsync(admin, [scope]);
            Factors((await ApiTokenTests.SendAsync(server, token, HttpMethod.Get, path, null)).Body).ShouldBe(all.Select(one => (one.Item1, told ? one.Item2 : null)));
        }
        (await ada.MakeAsync($"{path}/{viewer.Id}", new { role = "billing" }, HttpMethod.Patch)).GetProperty("second_factor").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task Permissions_AreToldWithEachOrganization_AndTheRolesWithItsMembers()
    {
        var ada = await server.PersonAsync();
        var (organization, members) = await server.OrganizationAsync(ada, "admin", "developer", "billing", "viewer");
        var (slug, id) = (IdentityServer.Text(organization, "slug"), IdentityServer.Text(organization, "id"));
        string[] names = ["owner", "admin", "developer", "billing", "viewer"];
        foreach (var (role, person) in names.Zip(members.Prepend(ada)))
        {
            var allowed = Allowed(role);
            Permissions((await person.GetAsync("/me")).Body.GetProperty("organizations").EnumerateArray().Single(each => IdentityServer.Text(each, "id") == id)).ShouldBe(allowed, role);
            Permissions((await person.GetAsync("/api/organizations")).Body.GetProperty("data").EnumerateArray().Single(each => IdentityServer.Text(each, "id") == id)).ShouldBe(allowed, role);
            Permissions((await person.GetAsync($"/api/organizations/{slug}")).Body).ShouldBe(allowed, role);
            var roles = (await person.GetAsync($"/api/organizations/{slug}/members")).Body.GetProperty("roles").EnumerateArray().ToList();
            roles.Select(each => IdentityServer.Text(each, "role")).ShouldBe(names);
            roles.ForEach(each => Permissions(each).ShouldBe(Allowed(IdentityServer.Text(each, "role"))));
            roles.ShouldAllBe(each => IdentityServer.Text(each, "summary").Length > 10);
            roles.Where(each => each.GetProperty("assignable").GetBoolean()).Select(each => IdentityServer.Text(each, "role"))
                .ShouldBe(role switch { "owner" => names, "admin" => names[1..], _ => [] }, role);
        }
    }

    // In the words of the table, as they are written outside.
    private static string[] Allowed(string role) =>
        [.. Enum.GetValues<Permission>().Where(permission => RolePermissions.Allow(Enum.Parse<OrganizationRole>(role, ignoreCase: true), permission))
            .Select(permission => JsonNamingPolicy.SnakeCaseLower.ConvertName(permission.ToString()))];

    private static IEnumerable<string> Permissions(JsonElement of) => of.GetProperty("permissions").EnumerateArray().Select(each => each.GetString()!);

    [Fact]
    public async Task Admin_ChangesRolesButNotWhoIsOwner()
    {
        var ada = await server.PersonAsync();
        var (organization, members) = await server.OrganizationAsync(ada, "admin", "viewer");
        var path = $"/api/organizations/{IdentityServer.Text(organization, "slug")}";
        var (admin, viewer) = (members[0], members[1]);
        IdentityServer.Text(await admin.MakeAsync($"{path}/members/{viewer.Id}", new { role = "developer" }, HttpMethod.Patch), "role").ShouldBe("developer");
        await admin.RefusedAsync(HttpMethod.Patch, $"{path}/members/{viewer.Id}", new { role = "owner" }, 403, "FORBIDDEN");
        await admin.RefusedAsync(HttpMethod.Patch, $"{path}/members/{admin.Id}", new { role = "owner" }, 403, "FORBIDDEN");
        await admin.RefusedAsync(HttpMethod.Patch, $"{path}/members/{ada.Id}", new { role = "viewer" }, 403, "FORBIDDEN");
        await admin.RefusedAsync(HttpMethod.Delete, $"{path}/members/{ada.Id}", null, 403, "FORBIDDEN");
        await admin.RefusedAsync(HttpMethod.Post, $"{path}/invitations", new { email = "x@example.com", role = "owner" }, 403, "FORBIDDEN");
        await admin.RefusedAsync(HttpMethod.Post, $"{path}/transfer", new { account = viewer.Id }, 403, "FORBIDDEN");
        await ada.RefusedAsync(HttpMethod.Patch, $"{path}/members/{(await server.PersonAsync("Eve")).Id}", new { role = "viewer" }, 404, "NOT_FOUND");
        (await server.ActionsAsync(IdentityServer.Text(organization, "id"))).Count(action => action == "member.role_changed").ShouldBe(1);
    }

    [Fact]
    public async Task Remove_ItsSessionsSeeNothingOfTheOrganizationAtOnce()
    {
        var ada = await server.PersonAsync();
        var (organization, members) = await server.OrganizationAsync(ada, "developer");
        var path = $"/api/organizations/{IdentityServer.Text(organization, "slug")}";
        (await members[0].GetAsync(path)).Status.ShouldBe(200);
        (await ada.SendAsync(HttpMethod.Delete, $"{path}/members/{members[0].Id}")).Status.ShouldBe(204);
        (await members[0].GetAsync(path)).Status.ShouldBe(404);
        (await members[0].GetAsync("/api/organizations")).Body.GetProperty("data").GetArrayLength().ShouldBe(1);
        (await server.ActionsAsync(IdentityServer.Text(organization, "id")))[^1].ShouldBe("member.removed");
    }

    [Fact]
    public async Task LastOwner_NeitherLeavesNorBecomesLess()
    {
        var ada = await server.PersonAsync();
        var (organization, members) = await server.OrganizationAsync(ada, "owner");
        var path = $"/api/organizations/{IdentityServer.Text(organization, "slug")}";
        (await members[0].SendAsync(HttpMethod.Post, $"{path}/leave")).Status.ShouldBe(204);
        await ada.RefusedAsync(HttpMethod.Post, $"{path}/leave", null, 409, "LAST_OWNER");
        await ada.RefusedAsync(HttpMethod.Patch, $"{path}/members/{ada.Id}", new { role = "admin" }, 409, "LAST_OWNER");
        await ada.RefusedAsync(HttpMethod.Delete, $"{path}/members/{ada.Id}", null, 409, "LAST_OWNER");
    }

    [Fact]
    public async Task TwoOwners_WhoLeaveAtOnce_OneStays()
    {
        for (var round = 0; round < 5; round++)
        {
            var ada = await server.PersonAsync();
            var (organization, members) = await server.OrganizationAsync(ada, "owner");
            var path = $"/api/organizations/{IdentityServer.Text(organization, "slug")}";
            var ways = await Task.WhenAll(ada.SendAsync(HttpMethod.Post, $"{path}/leave"), members[0].SendAsync(HttpMethod.Post, $"{path}/leave"),
                ada.SendAsync(HttpMethod.Patch, $"{path}/members/{ada.Id}", new { role = "viewer" }), ada.SendAsync(HttpMethod.Delete, $"{path}/members/{members[0].Id}"));
            ways.ShouldContain(way => way.Status >= 400);
            await using var command = server.Database.OwnerOrSuperuser.CreateCommand("SELECT count(*) FROM identity.member m JOIN identity.organization o ON o.id = m.organization_id WHERE o.slug = $1 AND m.role = 'owner'");
            command.Parameters.AddWithValue(IdentityServer.Text(organization, "slug"));
            ((long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!).ShouldBe(1, string.Join(' ', ways.Select(way => way.Status)));
        }
    }

    [Fact]
    public async Task Transfer_ToTwoMembersAtOnce_HandsOverOnce()
    {
        var ada = await server.PersonAsync();
        var (organization, members) = await server.OrganizationAsync(ada, "developer", "viewer");
        var path = $"/api/organizations/{IdentityServer.Text(organization, "slug")}";
        var ways = await Task.WhenAll(members.Select(member => ada.SendAsync(HttpMethod.Post, $"{path}/transfer", new { account = member.Id })));
        ways.Select(way => way.Status).Order().ShouldBe([204, 403]);
        var (_, seen, _) = await ada.GetAsync($"{path}/members");
        var roles = seen.GetProperty("data").EnumerateArray().ToDictionary(one => IdentityServer.Text(one, "account"), one => IdentityServer.Text(one, "role"), StringComparer.Ordinal);
        roles[ada.Id].ShouldBe("admin");
        roles.Values.Count(role => role == "owner").ShouldBe(1);
    }
}
