using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Tests.OpenApi;

public sealed class FindingTests
{
    [Fact]
    public void Read_BrokenReference_IsAnErrorWithPlace()
    {
        var document = OpenApiImportTests.Imported("""
            {
              "openapi": "3.0.0", "info": { "title": "t", "version": "1" },
              "paths": { "/a": { "get": { "responses": { "200": { "content": { "application/json": { "schema": {
                "$ref": "#/components/schemas/Missing" } } } } } } } }
            }
            """);

        document.HasErrors.ShouldBeTrue();
        document.Operations.Count.ShouldBe(1);
        var finding = document.Findings.ShouldHaveSingleItem();
        finding.Severity.ShouldBe(FindingSeverity.Error);
        finding.Path.ShouldBe("/paths/~1a/get/responses/200/content/application~1json/schema/$ref");
        finding.Line.ShouldBe(4);
        finding.Message.ShouldContain("#/components/schemas/Missing");
    }

    [Fact]
    public void Read_BrokenReferenceInYaml_IsAnErrorWithLine()
    {
        var document = OpenApiImportTests.Imported("""
            openapi: 3.0.0
            info: {title: t, version: "1"}
            paths:
              /a:
                get:
                  parameters:
                    - $ref: '#/components/parameters/Gone'
                  responses: {}
            """);

        var finding = document.Findings.ShouldHaveSingleItem();
        (finding.Severity, finding.Path, finding.Line).ShouldBe((FindingSeverity.Error, "/paths/~1a/get/parameters/0/$ref", 7));
    }

    [Theory]
    [InlineData("https://example.com/schemas.json#/Pet")]
    [InlineData("file:///etc/passwd")]
    [InlineData("./other.yaml#/Pet")]
    public void Read_ReferenceOutside_IsAWarningAndNotFollowed(string reference) =>
        Findings($$"""{ "$ref": "{{reference}}" }""").ShouldHaveSingleItem().Severity.ShouldBe(FindingSeverity.Warning);

    [Theory]
    [InlineData("""{ "$ref": "#/components/schemas/Pet" }""")]
    [InlineData("""{ "$ref": "#/components/schemas/A~1B%20C" }""")]
    [InlineData("""{ "$ref": "#" }""")]
    [InlineData("""{ "$ref": "#pet" }""")]
    [InlineData("""{ "allOf": [ { "$ref": "#/components/schemas/Pet/properties/name" } ] }""")]
    [InlineData("""{ "properties": { "$ref": { "type": "string" }, "example": { "$ref": "#/components/schemas/Pet" }, "default": { "type": "string" } } }""")]
    [InlineData("""{ "example": { "$ref": "#/not/a/reference" }, "enum": [ { "$ref": "#/neither" } ], "x-more": { "$ref": "#/nor" } }""")]
    [InlineData("""{ "$id": "https://example.com/root", "items": { "$ref": "#/definitions/own" }, "definitions": { "own": {} } }""")]
    public void Read_ReferenceThatHolds_IsNoFinding(string schema) => Findings(schema).ShouldBeEmpty();

    [Theory]
    [InlineData("""{ "properties": { "example": { "$ref": "#/gone" } } }""")]
    [InlineData("""{ "$ref": "#gone" }""")]
    [InlineData("""{ "$ref": null }""")]
    public void Read_BrokenReferenceInASchema_IsAnError(string schema) => Findings(schema).ShouldHaveSingleItem().Severity.ShouldBe(FindingSeverity.Error);

    [Fact]
    public void Read_DuplicateKeys_AreFoundAndTheLastCounts()
    {
        var document = OpenApiImportTests.Imported("""
            { "openapi": "3.0.0", "info": { "title": "t", "version": "1" },
              "paths": { "/a": { "get": { "responses": {} }, "put": { "responses": {} } },
                         "/a": { "get": { "responses": {} } } } }
            """);

        document.Operations.Count.ShouldBe(1);
        var finding = document.Findings.ShouldHaveSingleItem();
        (finding.Severity, finding.Path, finding.Line).ShouldBe((FindingSeverity.Warning, "/paths/~1a", 3));
    }

    [Fact]
    public void Read_FaultsOfPathsAndOperations_AreFound()
    {
        var document = OpenApiImportTests.Imported("""
            openapi: 3.0.0
            info: {}
            paths:
              /a/{id}:
                get: {operationId: same, responses: {}}
              /a/{other}:
                parameters: [{name: other, in: path}]
                get: {operationId: same}
                GET: {}
              relative:
                get: {responses: {}}
              /q?x=1:
                get: {responses: {}}
              /n:
                get: nothing
            """);

        Messages(document).ShouldBe([
            "warning /paths/~1a~1{id}/get The path parameter 'id' is not declared.",
            "warning /paths/~1a~1{other} It is the same path as '/a/{id}': only the names of the parameters differ.",
            "warning /paths/~1a~1{other}/get The operationId 'same' is taken by /paths/~1a~1{id}/get.",
            "warning /paths/~1a~1{other}/GET Methods are written in lower case: 'GET' is not read as an operation.",
            "warning /paths/relative A path begins with '/'; this one can never be called.",
            "warning /paths/~1q?x=1 A path has no query and no fragment; calls are told apart by the path alone.",
            "warning /paths/~1n/get This operation is not an object, so it is not counted.",
            "warning /info/title The document has no title.",
            "info /paths/~1a~1{other}/get It describes no responses.",
            "info /info/version The document does not say which version of the API it describes.",
        ]);
    }

    [Fact]
    public void Read_ParameterByReference_IsDeclared() => OpenApiImportTests.Imported("""
        openapi: 3.0.0
        info: {title: t, version: "1"}
        paths:
          /a/{id}:
            get: {parameters: [{$ref: '#/components/parameters/Id'}], responses: {}}
        components: {parameters: {Id: {name: id, in: path}}}
        """).Findings.ShouldBeEmpty();

    [Fact]
    public void Read_ManyFindings_AreCappedWithTheErrorsFirst()
    {
        var warnings = string.Join(",", Enumerable.Range(0, 300).Select(i => $"\"p{i}\": {{ \"get\": {{ \"responses\": {{}} }} }}"));
        var document = OpenApiImportTests.Imported($$"""
            { "openapi": "3.0.0", "info": { "title": "t", "version": "1" }, "paths": { {{warnings}} }, "components": { "schemas": { "A": { "$ref": "#/gone" } } } }
            """);

        document.Findings.Count.ShouldBe(Tollgate.Gateway.OpenApi.Findings.Maximum + 1);
        document.Findings[0].Severity.ShouldBe(FindingSeverity.Error);
        document.Findings[^1].Message.ShouldBe("101 more findings are not shown.");
    }

    [Fact]
    public void Read_SecondYamlDocument_IsAWarning() => OpenApiImportTests.Imported("""
        openapi: 3.0.0
        info: {title: t, version: "1"}
        paths: {/a: {get: {responses: {}}}}
        ---
        more: true
        """).Findings.ShouldHaveSingleItem().Message.ShouldContain("only the first");

    private static IReadOnlyList<Finding> Findings(string schema) => OpenApiImportTests.Imported($$"""
        { "openapi": "3.1.0", "info": { "title": "t", "version": "1" }, "paths": { "/a": { "get": { "responses": {} } } },
          "components": { "schemas": { "Tested": {{schema}}, "Pet": { "$anchor": "pet", "properties": { "name": {} } }, "A/B C": {} } } }
        """).Findings;

    private static IEnumerable<string> Messages(ImportedDocument document) =>
        document.Findings.Select(finding => $"{finding.Severity.ToString().ToLowerInvariant()} {finding.Path} {finding.Message}");
}
