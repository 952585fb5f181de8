using Tollgate.Foundation;
using Tollgate.Identity.Tests.Organizations;
using Tollgate.TestKit;

namespace Tollgate.Identity.Tests.Accounts;

/// <summary>What is left of a deleted account, and who else hears of it.</summary>
public sealed class AccountDeletionTests(OrganizationServer server) : IClassFixture<OrganizationServer>
{
    [Fact]
    public async Task Sessions_TokensAndChallenges_AreGone()
    {
        var ada = await server.PersonAsync();
        await ada.MakeAsync("/api/tokens", new { name = "CI", scopes = new[] { "apis:read" } });
        await DeleteAsync(ada);
        foreach (var table in new[] { "session", "refresh_token", "api_token", "challenge", "known_device" })
            (await CountAsync($"SELECT count(*) FROM identity.{table} WHERE account_id = $1", IdOf(ada.Id, "acc"))).ShouldBe(0, table);
    }

    [Fact]
    public async Task Slug_OfItsOrganization_IsHeldForHalfAYear()
    {
        var grace = await server.PersonAsync("Gracehopper");
        var (_, me, _) = await grace.GetAsync("/me");
        var slug = IdentityServer.Text(me.GetProperty("organizations")[0], "slug");
        await DeleteAsync(grace);
        var eve = await server.PersonAsync("Eve");
        await eve.RefusedAsync(HttpMethod.Post, "/api/organizations", new { name = "Mine", slug }, 409, "ORGANIZATION_SLUG_TAKEN");
        (await CountAsync($"SELECT count(*) FROM identity.organization_slug WHERE slug = '{slug}' AND held_until = $1", server.Clock.UtcNow + TimeSpan.FromDays(180))).ShouldBe(1);
    }

    [Fact]
    public async Task ModulesWithCopiesOfTheName_AreTold()
    {
        var ada = await server.PersonAsync();
        var (_, me, _) = await ada.GetAsync("/me");
        var id = IdOf(IdentityServer.Text(me.GetProperty("organizations")[0], "id"), "org");
        await DeleteAsync(ada);
        await TestOutbox.DrainAsync(server.Server.Services);
        var names = server.Above.Names[id];
        (names.Name, names.Slug, names.FormerSlugs.Count).ShouldBe(("Deleted account", $"removed-{id}", 0));
    }

    private static async Task DeleteAsync(OrganizationServer.Person person) => await person.MakeAsync("/me/delete", new { email = person.Email });

    private static Guid IdOf(string id, string prefix) => TypeId.TryParse(id, prefix, out var guid) ? guid : throw new FormatException(id);

    private async Task<long> CountAsync(string sql, object value)
    {
        await using var command = server.Database.OwnerOrSuperuser.CreateCommand(sql);
        command.Parameters.AddWithValue(value);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
