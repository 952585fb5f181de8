namespace Tollgate.Gateway.Tests.Apis;

/// <summary>A slug is a segment of addresses, to the letter.</summary>
public sealed class ApiSlugTests(ControlServer server) : IClassFixture<ControlServer>
{
    [Theory]
    [InlineData("moons\n")]
    [InlineData("moons\r\n")]
    [InlineData(" moons")]
    [InlineData("Moons")]
    [InlineData("mo--ons")]
    [InlineData("-moons")]
    [InlineData("mo/ons")]
    [InlineData("mo%2fons")]
    [InlineData("möons")]
    public async Task Create_ASlugThatIsNoSegment_IsRefused(string slug)
    {
        var (status, problem, _) = await server.SendAsync(HttpMethod.Post, "/api/apis", new { name = "Moons", slug, upstream_url = "http://127.0.0.1:9", openapi = ControlServer.Document });
        status.ShouldBe(422, problem.ToString());
        problem.GetProperty("errors")[0].GetProperty("code").GetString().ShouldBe("SLUG_INVALID");
    }
}
