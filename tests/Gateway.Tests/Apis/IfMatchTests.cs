namespace Tollgate.Gateway.Tests.Apis;

/// <summary>RFC 9110, 13.1.1: strong comparison, a list, and the star.</summary>
public sealed class IfMatchTests(ControlServer server) : IClassFixture<ControlServer>
{
    [Theory]
    [InlineData("\"1\"", 200)]
    [InlineData("\"7\", \"1\"", 200)]
    [InlineData("*", 200)]
    [InlineData("W/\"1\"", 412)]
    [InlineData("\"2\"", 412)]
    [InlineData("\"one\"", 412)]
    [InlineData("\"*\"", 412)]
    [InlineData(null, 428)]
    public async Task EditOfAnApi_Follows(string? ifMatch, int expected)
    {
        var api = await server.CreateAsync();

        var (status, body, response) = await server.SendAsync(HttpMethod.Patch, $"/api/apis/{api.GetProperty("id").GetString()}", new { name = "Edited" }, ifMatch);

        status.ShouldBe(expected, body.ToString());
        if (expected == 200)
            response.Headers.ETag!.ToString().ShouldBe("\"2\"");
        else
            body.GetProperty("code").GetString().ShouldBe(expected == 412 ? "PRECONDITION_FAILED" : "PRECONDITION_REQUIRED");
    }

    [Theory]
    [InlineData("\"1\"", 200)]
    [InlineData("*", 200)]
    [InlineData("W/\"1\"", 412)]
    [InlineData("\"2\", \"3\"", 412)]
    public async Task RevisionOfAPlan_Follows(string ifMatch, int expected)
    {
        var api = await server.CreateAsync();
        var draft = new { name = "Basic", price = new { amount = 0, currency = "usd", interval = "month" }, allowances = new[] { new { meter = "requests", amount = 10, window = "minute", past = "deny" } } };
        var (made, plan, _) = await server.SendAsync(HttpMethod.Post, $"/api/apis/{api.GetProperty("id").GetString()}/plans", draft);
        made.ShouldBe(201, plan.ToString());

        var (status, body, response) = await server.SendAsync(HttpMethod.Patch, $"/api/plans/{plan.GetProperty("id").GetString()}", draft, ifMatch);

        status.ShouldBe(expected, body.ToString());
        if (expected == 200)
            response.Headers.ETag!.ToString().ShouldBe("\"2\"");
        else
            body.GetProperty("code").GetString().ShouldBe("PRECONDITION_FAILED");
    }
}
