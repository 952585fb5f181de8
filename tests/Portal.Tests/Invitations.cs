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
}
