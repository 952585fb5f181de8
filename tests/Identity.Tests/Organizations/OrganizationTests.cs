using Microsoft.Extensions.DependencyInjection;
using Tollgate.Foundation;

namespace Tollgate.Identity.Tests.Organizations;

public sealed class OrganizationTests(OrganizationServer server) : IClassFixture<OrganizationServer>
{
    [Fact]
    public async Task Create_MakesTheCallerItsOwnerAndIsWrittenDown()
    {
        var ada = await server.PersonAsync();
        var made = await ada.MakeAsync("/api/organizations", new { name = "Analytical Engines", time_zone = "Europe/London" });
        (IdentityServer.Text(made, "slug"), IdentityServer.Text(made, "time_zone"), IdentityServer.Text(made, "role")).ShouldBe(("analytical-engines", "Europe/London", "owner"));
        var (_, listed, _) = await ada.GetAsync("/api/organizations");
        listed.GetProperty("data").EnumerateArray().Select(one => one.GetProperty("personal").GetBoolean()).ShouldBe([true, false]);
        (await server.ActionsAsync(IdentityServer.Text(made, "id"))).ShouldBe(["organization.created"]);
        // The name's slug is taken now; another one of that name gets a tail.
        IdentityServer.Text(await ada.MakeAsync("/api/organizations", new { name = "Analytical Engines" }), "slug").ShouldStartWith("analytical-engines-");
    }

    [Fact]
    public async Task Create_WrongFields_AreToldAtOnce()
    {
        var ada = await server.PersonAsync();
        var (status, body, _) = await ada.SendAsync(HttpMethod.Post, "/api/organizations", new { name = "", slug = "Not A Slug", time_zone = "Mars/Olympus" });
        status.ShouldBe(422);
        body.GetProperty("errors").EnumerateArray().Select(error => error.GetProperty("code").GetString()).ShouldBe(["REQUIRED", "SLUG_INVALID", "TIME_ZONE_UNKNOWN"]);
        await ada.RefusedAsync(HttpMethod.Post, "/api/organizations", new { name = "Api", slug = "api" }, 422, "VALIDATION_FAILED");
    }

    [Fact]
    public async Task Edit_AnotherSlug_TheOldOneLeadsThereAndIsNobodyElses()
    {
        var ada = await server.PersonAsync();
        var (organization, _) = await server.OrganizationAsync(ada);
        var (old, id) = (IdentityServer.Text(organization, "slug"), IdentityServer.Text(organization, "id"));
        var edited = await ada.MakeAsync($"/api/organizations/{old}", new { slug = $"{old}-new", name = "Renamed" }, HttpMethod.Patch);
        (IdentityServer.Text(edited, "slug"), edited.GetProperty("former_slugs")[0].GetString()).ShouldBe(($"{old}-new", old));

        var (status, _, response) = await ada.GetAsync($"/api/organizations/{old}/members?x=1");
        (status, response.Headers.Location?.ToString()).ShouldBe((308, $"/api/organizations/{old}-new/members?x=1"));
        (await ada.GetAsync($"/api/audit-log?organization={old}")).Status.ShouldBe(200);
        (await server.Server.Services.GetRequiredService<IFormerSlugs>().FindAsync(old, TestContext.Current.CancellationToken)).ShouldBe($"{old}-new");
        TypeId.TryParse(id, "org", out var guid).ShouldBeTrue();
        (server.Above.Names[guid].Slug, server.Above.Names[guid].Name, server.Above.Names[guid].FormerSlugs[0]).ShouldBe(($"{old}-new", "Renamed", old));

        var eve = await server.PersonAsync("Eve");
        await eve.RefusedAsync(HttpMethod.Post, "/api/organizations", new { name = "Mine", slug = old }, 409, "ORGANIZATION_SLUG_TAKEN");
        var (mine, _) = await server.OrganizationAsync(eve);
        await eve.RefusedAsync(HttpMethod.Patch, $"/api/organizations/{IdentityServer.Text(mine, "slug")}", new { slug = old }, 409, "ORGANIZATION_SLUG_TAKEN");
        // To a stranger the old slug tells nothing.
        (await eve.GetAsync($"/api/organizations/{old}")).Status.ShouldBe(404);
        (await server.ActionsAsync(id)).ShouldBe(["organization.created", "organization.changed"]);
    }

    [Fact]
    public async Task Edit_OnesOwnFormerSlug_IsTakenUpAgain()
    {
        var ada = await server.PersonAsync();
        var (organization, _) = await server.OrganizationAsync(ada);
        var slug = IdentityServer.Text(organization, "slug");
        await ada.MakeAsync($"/api/organizations/{slug}", new { slug = $"{slug}-b" }, HttpMethod.Patch);
        var back = await ada.MakeAsync($"/api/organizations/{slug}-b", new { slug }, HttpMethod.Patch);
        (IdentityServer.Text(back, "slug"), back.GetProperty("former_slugs")[0].GetString()).ShouldBe((slug, $"{slug}-b"));
    }

    [Fact]
    public async Task Edit_SixthSlugInAShortTime_IsRefused()
    {
        var ada = await server.PersonAsync();
        var (organization, _) = await server.OrganizationAsync(ada);
        var id = IdentityServer.Text(organization, "id");
        for (var i = 0; i < 5; i++)
            await ada.MakeAsync($"/api/organizations/{id}", new { slug = $"many-{i}-{id[^5..]}" }, HttpMethod.Patch);
        await ada.RefusedAsync(HttpMethod.Patch, $"/api/organizations/{id}", new { slug = $"many-6-{id[^5..]}" }, 409, "TOO_MANY_SLUGS");
    }

    [Fact]
    public async Task Remove_NothingInTheWay_IsGoneForEverybodyAndItsSlugIsHeld()
    {
        var ada = await server.PersonAsync();
        var (organization, members) = await server.OrganizationAsync(ada, "admin");
        var (slug, id) = (IdentityServer.Text(organization, "slug"), IdentityServer.Text(organization, "id"));
        TypeId.TryParse(id, "org", out var guid).ShouldBeTrue();
        server.Above.Hindrances[guid] = "2 live subscriptions";
        var (status, refused, _) = await ada.SendAsync(HttpMethod.Delete, $"/api/organizations/{slug}");
        (status, IdentityServer.Text(refused, "code")).ShouldBe((409, "ORGANIZATION_IN_USE"));
        IdentityServer.Text(refused, "detail").ShouldContain("2 live subscriptions");

        server.Above.Hindrances.Clear();
        await members[0].RefusedAsync(HttpMethod.Delete, $"/api/organizations/{slug}", null, 403, "FORBIDDEN");
        (await ada.SendAsync(HttpMethod.Delete, $"/api/organizations/{slug}")).Status.ShouldBe(204);
        (await ada.GetAsync($"/api/organizations/{slug}")).Status.ShouldBe(404);
        (await members[0].GetAsync($"/api/organizations/{id}")).Status.ShouldBe(404);
        await ada.RefusedAsync(HttpMethod.Post, "/api/organizations", new { name = "Again", slug }, 409, "ORGANIZATION_SLUG_TAKEN");
        (await server.ActionsAsync(id))[^1].ShouldBe("organization.removed");
    }

    [Fact]
    public async Task PersonalOrganization_IsNeitherSharedNorHandedOverNorRemoved()
    {
        var ada = await server.PersonAsync();
        var (_, all, _) = await ada.GetAsync("/api/organizations");
        var own = IdentityServer.Text(all.GetProperty("data")[0], "slug");
        await ada.RefusedAsync(HttpMethod.Delete, $"/api/organizations/{own}", null, 409, "PERSONAL_ORGANIZATION");
        await ada.RefusedAsync(HttpMethod.Post, $"/api/organizations/{own}/leave", null, 409, "PERSONAL_ORGANIZATION");
        await ada.RefusedAsync(HttpMethod.Post, $"/api/organizations/{own}/invitations", new { email = "b@example.com", role = "viewer" }, 409, "PERSONAL_ORGANIZATION");
        await ada.RefusedAsync(HttpMethod.Post, $"/api/organizations/{own}/transfer", new { account = ada.Id }, 409, "PERSONAL_ORGANIZATION");
        await ada.MakeAsync($"/api/organizations/{own}", new { name = "Just me" }, HttpMethod.Patch);
    }
}
