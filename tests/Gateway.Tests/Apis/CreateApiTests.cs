using System.Text;
using System.Text.Json.Nodes;

namespace Tollgate.Gateway.Tests.Apis;

public sealed class CreateApiTests(ApiServer server) : IClassFixture<ApiServer>
{
    [Fact]
    public async Task Create_ObjectDocument_AnswersTheDraft()
    {
        var person = await server.PersonAsync();

        var answer = (await person.PostAsync("/api/apis", Person.NewApi("pets"))).Is(201);

        answer.ETag.ShouldBe("\"1\"");
        answer.Text("status").ShouldBe("draft");
        answer.Text("gateway_url").ShouldBe($"https://gate.example/{person.Slug}/pets");
        answer.Text("summary").ShouldBe("All about pets.");
        answer.Text("category").ShouldBe("other");
        answer.Body.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()).ShouldBe(["pets", "cats"]);
        answer.Body.GetProperty("organization").GetProperty("slug").GetString().ShouldBe(person.Slug);
        var endpoint = answer.Body.GetProperty("endpoints")[0];
        endpoint.GetProperty("id").GetString().ShouldStartWith("ep_");
        (endpoint.GetProperty("method").GetString(), endpoint.GetProperty("path").GetString(), endpoint.GetProperty("operation_id").GetString()).ShouldBe(("GET", "/pets", "listPets"));
        (await person.GetAsync($"/api/apis/{answer.Text("id")}")).Is(200).Body.GetRawText().ShouldBe(answer.Body.GetRawText());
    }

    [Fact]
    public async Task Create_Document_IsKeptByteForByte()
    {
        var person = await server.PersonAsync();
        const string raw = "{ \"swagger\" : \"2.0\",\n\t\"paths\":{\"\\/a\":{\"get\":{ }}} , \"info\":{\"title\":\"\\u00e4\"} }";
        using var content = new StringContent($$"""{"name":"Raw","slug":"raw","upstream_url":"https://1.1.1.1","openapi":{{raw}} }""", Encoding.UTF8, "application/json");
        using var response = await person.Client.PostAsync("/api/apis", content);
        var id = System.Text.Json.JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("id").GetString();

        var document = (await person.GetAsync($"/api/apis/{id}/openapi")).Is(200);

        Encoding.UTF8.GetString(document.Bytes).ShouldBe(raw);
        document.MediaType.ShouldBe("application/json");
    }

    [Fact]
    public async Task Create_YamlText_IsKeptWithItsType()
    {
        var person = await server.PersonAsync();
        const string yaml = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths:\n  /a:\n    get: {responses: {}}  # a comment\n";
        var request = Person.NewApi("yaml");
        request["openapi"] = yaml;
        var id = (await person.PostAsync("/api/apis", request)).Is(201).Text("id");

        var document = (await person.GetAsync($"/api/apis/{id}/openapi")).Is(200);

        Encoding.UTF8.GetString(document.Bytes).ShouldBe(yaml);
        document.MediaType.ShouldBe("application/yaml");
    }

    [Fact]
    public async Task Create_BrokenReference_IsADraftWithAFinding()
    {
        var person = await server.PersonAsync();

        var answer = (await person.PostAsync("/api/apis", Person.NewApi("broken", ApiServer.BrokenDocument))).Is(201);

        var finding = answer.Body.GetProperty("findings")[0];
        finding.GetProperty("severity").GetString().ShouldBe("error");
        finding.GetProperty("line").GetInt32().ShouldBe(1);
    }

    [Theory]
    [InlineData("not openapi", "OPENAPI_NOT_OPENAPI")]
    [InlineData("{ \"openapi\": ", "OPENAPI_UNREADABLE")]
    [InlineData("openapi: 3.0.0\npaths: {}", "OPENAPI_NO_OPERATION")]
    public async Task Create_DocumentThatIsNone_IsRefused(string document, string code)
    {
        var person = await server.PersonAsync();
        var request = Person.NewApi("none");
        request["openapi"] = document;

        (await person.PostAsync("/api/apis", request)).Is(422, code).Errors.ShouldBe([$"openapi {code}"]);
        (await person.GetAsync("/api/apis")).Body.GetProperty("data").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task Create_WrongFields_NamesAllAtOnce()
    {
        var person = await server.PersonAsync();
        var request = new JsonObject
        {
            ["name"] = "a\u0000b", ["slug"] = "No Slug", ["upstream_url"] = "ftp://x", ["openapi"] = 3, ["category"] = "Not One", ["tags"] = new JsonArray("", null), ["description"] = "\u0000",
        };

        (await person.PostAsync("/api/apis", request)).Is(422, "VALIDATION_FAILED").Errors.ShouldBe([
            "name CONTROL_CHARACTER", "slug SLUG_INVALID", "upstream_url URL_INVALID", "openapi TYPE_INVALID", "description CONTROL_CHARACTER", "category CATEGORY_INVALID",
            "tags[0] REQUIRED", "tags[1] REQUIRED",
        ]);
        (await person.PostAsync("/api/apis", new { })).Is(422).Errors.ShouldBe(["name REQUIRED", "slug REQUIRED", "upstream_url REQUIRED", "openapi REQUIRED"]);
    }

    [Theory]
    [InlineData("https://user:secret@1.1.1.1", "URL_CREDENTIALS")]
    [InlineData("https://1.1.1.1/?a=1", "URL_QUERY")]
    [InlineData("https://1.1.1.1/#a", "URL_QUERY")]
    [InlineData("/relative", "URL_INVALID")]
    public async Task Create_UpstreamUrlThatCannotBe_IsRefused(string url, string code)
    {
        var request = Person.NewApi("url");
        request["upstream_url"] = url;

        (await (await server.PersonAsync()).PostAsync("/api/apis", request)).Is(422).Errors.ShouldBe([$"upstream_url {code}"]);
    }

    [Theory]
    [InlineData("http://localhost:9000")]
    [InlineData("http://127.0.0.1")]
    [InlineData("http://2130706433/")]
    [InlineData("http://[::1]/")]
    [InlineData("http://169.254.169.254/latest/meta-data")]
    public async Task Create_UpstreamInsideTheNetwork_IsRefused(string url)
    {
        var request = Person.NewApi("inside");
        request["upstream_url"] = url;

        (await (await server.PersonAsync()).PostAsync("/api/apis", request)).Is(422, "UPSTREAM_ADDRESS_FORBIDDEN");
    }

    [Theory]
    [InlineData("discover")]
    [InlineData("v1")]
    [InlineData("metrics")]
    public async Task Create_ReservedSlug_IsRefused(string slug) =>
        (await (await server.PersonAsync()).PostAsync("/api/apis", Person.NewApi(slug))).Is(422).Errors.ShouldBe(["slug SLUG_RESERVED"]);

    [Fact]
    public async Task Create_SameSlugAtOnce_OneIsMade()
    {
        var person = await server.PersonAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => person.PostAsync("/api/apis", Person.NewApi("race"))));

        answers.Count(answer => (int)answer.Status == 201).ShouldBe(1);
        answers.Where(answer => (int)answer.Status != 201).ShouldAllBe(answer => answer.Is(409, "SLUG_TAKEN") != null);
        (await (await server.PersonAsync()).PostAsync("/api/apis", Person.NewApi("race"))).Is(201);
    }

    [Fact]
    public async Task Create_IdempotencyKeyTwice_MakesOne()
    {
        var person = await server.PersonAsync();

        var first = (await person.PostAsync("/api/apis", Person.NewApi("once"), "key-1")).Is(201);
        var second = (await person.PostAsync("/api/apis", Person.NewApi("once"), "key-1")).Is(201);

        second.Text("id").ShouldBe(first.Text("id"));
        second.ETag.ShouldBe(first.ETag);
    }

    [Fact]
    public async Task Create_ForeignOrganization_IsNotFound()
    {
        var other = await server.PersonAsync();
        var request = Person.NewApi("foreign");
        request["organization"] = other.Slug;

        (await (await server.PersonAsync()).PostAsync("/api/apis", request)).Is(404);
    }

    [Fact]
    public async Task Create_NotSignedIn_IsRefused()
    {
        using var client = server.Server.NewClient();

        (await new Person(client, Guid.Empty, "").PostAsync("/api/apis", Person.NewApi("anonymous"))).Is(401, "UNAUTHENTICATED");
    }
}
