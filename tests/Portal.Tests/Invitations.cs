using System.Net.Http.Json;
using System.Text.Json;

namespace Tollgate.Portal.Tests;

internal static class Invitations
{
    /// <summary>The mail of an invitation to an organization that is made for it.</summary>
    public static async Task<string> SendAsync(PortalFixture fixture, string slug, string name, string email, string role)
    {
        var town = await fixture.TownAsync();
        using var owner = await town.SignUpAsync($"Owner of {name}", $"{slug}@example.com");
        using var made = await owner.PostAsJsonAsync("/api/organizations", new { name, slug });
        ((int)made.StatusCode).ShouldBe(201, await made.Content.ReadAsStringAsync());
        using var sent = await owner.PostAsJsonAsync($"/api/organizations/{slug}/invitations", new { email, role });
        var invitation = await sent.Content.ReadFromJsonAsync<JsonElement>();
        ((int)sent.StatusCode).ShouldBe(201, invitation.ToString());
        // By its name: an address may be invited to several.
        return await fixture.Program.MailAsync(email, name);
    }

    /// <summary>A new account that is a member from now on.</summary>
    public static async Task<HttpClient> JoinAsync(PortalFixture fixture, HttpClient owner, string organization, string name, string email, string role)
    {
        var member = await (await fixture.TownAsync()).SignUpAsync(name, email);
        using (var sent = await owner.PostAsJsonAsync($"/api/organizations/{organization}/invitations", new { email, role }))
            ((int)sent.StatusCode).ShouldBe(201, await sent.Content.ReadAsStringAsync());
        var token = Mails.LinkOf(await fixture.Program.MailAsync(email, "/invitation#")).Split('#')[1];
        using var joined = await member.PostAsJsonAsync("/api/invitations/accept", new { token });
        joined.IsSuccessStatusCode.ShouldBeTrue(await joined.Content.ReadAsStringAsync());
        return member;
    }

    /// <summary>An organization and the account that owns it, signed in.</summary>
    public static async Task<HttpClient> OwnAsync(PortalFixture fixture, string slug, string name, string owner, string email)
    {
        var http = await (await fixture.TownAsync()).SignUpAsync(owner, email);
        using var made = await http.PostAsJsonAsync("/api/organizations", new { name, slug });
        ((int)made.StatusCode).ShouldBe(201, await made.Content.ReadAsStringAsync());
        return http;
    }
}
