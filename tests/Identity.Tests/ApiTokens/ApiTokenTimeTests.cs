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

    private async Task UseAsync(string secret, int status) => (await ApiTokenTests.SendAsync(server, secret, HttpMethod.Get, "/me")).Status.ShouldBe(status);

    private static async Task<DateTimeOffset> LastUsedAsync(OrganizationServer.Person person) =>
        (await person.GetAsync("/api/tokens")).Body.GetProperty("data")[0].GetProperty("last_used_at").GetDateTimeOffset();
}
