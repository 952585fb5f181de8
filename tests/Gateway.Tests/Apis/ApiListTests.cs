namespace Tollgate.Gateway.Tests.Apis;

public sealed class ApiListTests(ControlServer server) : IClassFixture<ControlServer>
{
    [Fact]
    public async Task List_Pages_AreNewestFirst()
    {
        foreach (var slug in new[] { "io", "europa", "ganymede" })
            await server.CreateAsync(slug);

        var (_, page, _) = await server.SendAsync(HttpMethod.Get, "/api/apis?limit=2");
        var (_, rest, _) = await server.SendAsync(HttpMethod.Get, $"/api/apis?limit=2&after={page.GetProperty("next").GetString()}");

        page.GetProperty("data").EnumerateArray().Concat(rest.GetProperty("data").EnumerateArray()).Select(api => api.GetProperty("slug").GetString()).ShouldBe(["ganymede", "europa", "io"]);
        rest.GetProperty("has_more").GetBoolean().ShouldBeFalse();
    }

    [Fact]
    public async Task List_SeveralWrongParameters_AreAllNamed()
    {
        var (status, problem, _) = await server.SendAsync(HttpMethod.Get, "/api/apis?limit=many&after=!!!");

        (status, problem.GetProperty("code").GetString()).ShouldBe((422, "VALIDATION_FAILED"));
        problem.GetProperty("errors").EnumerateArray().Select(error => $"{error.GetProperty("path").GetString()} {error.GetProperty("code").GetString()}")
            .ShouldBe(["limit TYPE_INVALID", "after CURSOR_INVALID"]);
        (await server.SendAsync(HttpMethod.Get, "/api/apis?organization=somebody-else")).Status.ShouldBe(404);
    }
}
