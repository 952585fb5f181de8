namespace Tollgate.Gateway.Tests.Apis;

public sealed class EditApiTests(ApiServer server) : IClassFixture<ApiServer>
{
    [Fact]
    public async Task Edit_Fields_ChangesThemAndTheVersion()
    {
        var person = await server.PersonAsync();
        var id = await person.ApiAsync("edited");

        var answer = (await person.PatchAsync($"/api/apis/{id}", new { name = "Cats", timeout_ms = 5000, category = "data" }, "\"1\"")).Is(200);

        answer.ETag.ShouldBe("\"2\"");
        (answer.Text("name"), answer.Text("category"), answer.Body.GetProperty("timeout_ms").GetInt32(), answer.Body.GetProperty("version").GetInt32()).ShouldBe(("Cats", "data", 5000, 2));
        answer.Text("summary").ShouldBe("All about pets.");
    }

    [Fact]
    public async Task Edit_WithoutOrWithOldVersion_IsRefused()
    {
        var person = await server.PersonAsync();
        var id = await person.ApiAsync("matched");
        (await person.PatchAsync($"/api/apis/{id}", new { name = "B" }, "\"1\"")).Is(200);

        (await person.PatchAsync($"/api/apis/{id}", new { name = "C" })).Is(428, "PRECONDITION_REQUIRED");
        (await person.PatchAsync($"/api/apis/{id}", new { name = "C" }, "\"1\"")).Is(412, "PRECONDITION_FAILED");
        (await person.GetAsync($"/api/apis/{id}")).Text("name").ShouldBe("B");
    }

    [Fact]
    public async Task Edit_AtOnceOnOneVersion_OneWins()
    {
        var person = await server.PersonAsync();
        var id = await person.ApiAsync("contended");

        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => person.PatchAsync($"/api/apis/{id}", new { name = $"N{i}" }, "\"1\"")));

        answers.Count(answer => (int)answer.Status == 200).ShouldBe(1);
        answers.Count(answer => (int)answer.Status == 412).ShouldBe(5);
    }

    [Fact]
    public async Task Edit_NewDocument_KeepsTheIdsOfOperationsThatStay()
    {
        var person = await server.PersonAsync();
        var id = await person.ApiAsync("document");
        var before = Endpoints(await person.GetAsync($"/api/apis/{id}"));

        var answer = (await person.PatchAsync($"/api/apis/{id}", new
        {
            openapi = """{ "openapi": "3.0.0", "info": { "title": "t", "version": "2" }, "paths": { "/new": { "get": { "responses": {} } }, "/pets": { "get": { "summary": "Other", "responses": {} } } } }""",
        }, "\"1\"")).Is(200);

        var after = Endpoints(answer);
        after.Keys.ShouldBe(["GET /new", "GET /pets"]);
        after["GET /pets"].ShouldBe(before["GET /pets"]);
        answer.Body.GetProperty("endpoints")[1].GetProperty("summary").GetString().ShouldBe("Other");
        (await server.RoutesAsync(id)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Edit_UpstreamHeaders_AreWriteOnlyAndKeptByName()
    {
        var person = await server.PersonAsync();
        var id = await person.ApiAsync("headers", published: true);

        var set = (await person.PatchAsync($"/api/apis/{id}", new { upstream_headers = new[] { new { name = "X-Secret", value = "s3cret" }, new { name = "X-Old", value = "old" } } }, "\"1\"")).Is(200);
        var kept = (await person.PatchAsync($"/api/apis/{id}", new { upstream_headers = new object[] { new { name = "x-secret" }, new { name = "X-New", value = "new" } } }, "\"2\"")).Is(200);

        System.Text.Encoding.UTF8.GetString(set.Bytes).ShouldNotContain("s3cret");
        kept.Body.GetProperty("upstream_headers").EnumerateArray().Select(header => header.GetRawText()).ShouldBe(["{\"name\":\"x-secret\"}", "{\"name\":\"X-New\"}"]);
        var route = (await server.RoutesAsync(id)).ShouldHaveSingleItem();
        route.UpstreamHeaders.ShouldBe([new("x-secret", "s3cret"), new("X-New", "new")]);
        (await person.PatchAsync($"/api/apis/{id}", new { upstream_headers = new[] { new { name = "X-Unknown" } } }, "\"3\"")).Is(422).Errors.ShouldBe(["upstream_headers[0].value REQUIRED"]);
    }

    [Theory]
    [InlineData("Host", "a", "name HEADER_RESERVED")]
    [InlineData("transfer-encoding", "a", "name HEADER_RESERVED")]
    [InlineData("Tollgate-Signature", "a", "name HEADER_RESERVED")]
    [InlineData("a b", "a", "name HEADER_NAME_INVALID")]
    [InlineData("X-A", "a\r\nX-B: c", "value HEADER_VALUE_INVALID")]
    [InlineData("X-A", "ä", "value HEADER_VALUE_INVALID")]
    public async Task Edit_HeaderThatMayNotBe_IsRefused(string name, string value, string error)
    {
        var person = await server.PersonAsync();
        var id = await person.ApiAsync("refused");

        (await person.PatchAsync($"/api/apis/{id}", new { upstream_headers = new[] { new { name, value } } }, "\"1\"")).Is(422).Errors.ShouldBe([$"upstream_headers[0].{error}"]);
    }

    [Fact]
    public async Task Edit_UpstreamInsideTheNetwork_IsRefused()
    {
        var person = await server.PersonAsync();
        var id = await person.ApiAsync("upstream");

        (await person.PatchAsync($"/api/apis/{id}", new { upstream_url = "http://10.0.0.1" }, "\"1\"")).Is(422, "UPSTREAM_ADDRESS_FORBIDDEN");
    }

    [Fact]
    public async Task Edit_PublishedApi_IsServedAndListedWhenItAnswers()
    {
        var person = await server.PersonAsync();
        var id = await person.ApiAsync("live", published: true);
        var heard = server.Served.Of(id);

        (await person.PatchAsync($"/api/apis/{id}", new { name = "Newer", upstream_url = "https://8.8.8.8/v2" }, "\"1\"")).Is(200);

        server.Served.Of(id).ShouldBeGreaterThan(heard);
        server.Step.Listings[id]!.Name.ShouldBe("Newer");
        (await server.RoutesAsync(id)).Single().Upstream.ShouldBe(new Uri("https://8.8.8.8/v2"));
    }

    [Fact]
    public async Task Edit_PublishedApiWithABrokenDocument_NeedsAcceptance()
    {
        var person = await server.PersonAsync();
        var id = await person.ApiAsync("accept", published: true);

        (await person.PatchAsync($"/api/apis/{id}", new { openapi = ApiServer.BrokenDocument }, "\"1\"")).Is(422, "FINDINGS_NOT_ACCEPTED");
        (await person.PatchAsync($"/api/apis/{id}", new { openapi = ApiServer.BrokenDocument, accept_findings = true }, "\"1\"")).Is(200);
    }

    [Fact]
    public async Task ForeignApi_IsNotFoundOnEveryRoute()
    {
        var owner = await server.PersonAsync();
        var id = await owner.ApiAsync("mine", published: true);
        var plan = (await owner.GetAsync($"/api/apis/{id}/plans")).Body.GetProperty("data")[0].GetProperty("id").GetString();
        var stranger = await server.PersonAsync();

        foreach (var path in new[] { "", "/openapi", "/plans", "/signing-secret" })
            (await stranger.GetAsync($"/api/apis/{id}{path}")).Is(404, "NOT_FOUND");
        foreach (var path in new[] { "publish", "unpublish", "archive" })
            (await stranger.PostAsync($"/api/apis/{id}/{path}")).Is(404, "NOT_FOUND");
        (await stranger.PostAsync($"/api/apis/{id}/plans", Person.Plan("Other"))).Is(404);
        (await stranger.PatchAsync($"/api/apis/{id}", new { name = "Stolen" }, "\"1\"")).Is(404);
        (await stranger.PatchAsync($"/api/plans/{plan}", Person.Plan("Stolen"), "\"1\"")).Is(404);
        (await stranger.PostAsync($"/api/plans/{plan}/archive")).Is(404);
        (await stranger.GetAsync("/api/apis")).Body.GetProperty("data").GetArrayLength().ShouldBe(0);
    }

    private static Dictionary<string, string> Endpoints(Answer answer) => answer.Body.GetProperty("endpoints").EnumerateArray()
        .ToDictionary(endpoint => $"{endpoint.GetProperty("method")} {endpoint.GetProperty("path")}", endpoint => endpoint.GetProperty("id").GetString()!, StringComparer.Ordinal);
}
