using Tollgate.Identity.Tests.Organizations;

namespace Tollgate.Identity.Tests.ApiTokens;

/// <summary>With a clock that no other test needs.</summary>
public sealed class ApiTokenTimeTests(OrganizationServer server) : IClassFixture<OrganizationServer>
{
    [Fact]
    public async Task LastUsed_MovesAtMostOnceAMinute_AndAnExpiredOneIs401()
    {
        var ada = await server.PersonAsync();
        var made = server.Clock.GetUtcNow();
        var (token, secret) = await ApiTokenTests.CreateAsync(ada, ["organization:read"], expires: made.AddMinutes(5));
        token.GetProperty("last_used_at").ValueKind.ShouldBe(System.Text.Json.JsonValueKind.Null);
        server.Clock.Advance(TimeSpan.FromSeconds(10));
        await UseAsync(secret, 200);
        var first = await LastUsedAsync(ada);
        server.Clock.Advance(TimeSpan.FromSeconds(59));
        await UseAsync(secret, 200);
        (await LastUsedAsync(ada)).ShouldBe(first);
        server.Clock.Advance(TimeSpan.FromSeconds(1));
        await UseAsync(secret, 200);
        (await LastUsedAsync(ada)).ShouldBe(first + TimeSpan.FromMinutes(1));
        server.Clock.Advance(TimeSpan.FromMinutes(5));
        await UseAsync(secret, 401);
    }

    /// <summary>Whoever makes and ends them by turns has never more than one, and is held all the same.</summary>
    [Fact]
    public async Task Creating_SixtyWithinAnHour_IsEnough_AndOthersAreNotHeld()
    {
        var (ada, eve) = (await server.PersonAsync(), await server.PersonAsync("Eve"));
        await using (var command = server.Database.OwnerOrSuperuser.CreateCommand("""
            INSERT INTO identity.api_token (id, account_id, name, prefix, scopes, digest, created_at, ended_at)
            SELECT gen_random_uuid(), a.id, 'ended', 'tgp_0000', ARRAY['apis:read'], sha256(i::text::bytea), $2, $2 FROM identity.account a, generate_series(1, 59) i WHERE a.email = $1
            """))
        {
            command.Parameters.AddWithValue(ada.Email);
            command.Parameters.AddWithValue(server.Clock.GetUtcNow().AddMinutes(-59));
            (await command.ExecuteNonQueryAsync()).ShouldBe(59);
        }
        await ApiTokenTests.CreateAsync(ada, ["apis:read"]);
        var (status, body, response) = await ada.SendAsync(HttpMethod.Post, "/api/tokens", new { name = "CI", scopes = new[] { "apis:read" } });
        (status, IdentityServer.Text(body, "code")).ShouldBe((429, "RATE_LIMITED"));
        response.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromMinutes(1));
        await ApiTokenTests.CreateAsync(eve, ["apis:read"]);
        server.Clock.Advance(TimeSpan.FromMinutes(1));
        await ApiTokenTests.CreateAsync(ada, ["apis:read"]);
    }

    private async Task UseAsync(string secret, int status) => (await ApiTokenTests.SendAsync(server, secret, HttpMethod.Get, "/me")).Status.ShouldBe(status);

    private static async Task<DateTimeOffset> LastUsedAsync(OrganizationServer.Person person) =>
        (await person.GetAsync("/api/tokens")).Body.GetProperty("data")[0].GetProperty("last_used_at").GetDateTimeOffset();
}
