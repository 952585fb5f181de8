using System.Text;
using Tollgate.Foundation;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Tests.OpenApi;

public sealed class OpenApiImportTests
{
    [Fact]
    public void Read_Swagger20Json_HasOperations()
    {
        var document = Imported("""
            { "swagger": "2.0", "info": { "title": "Pets", "version": "1.2" }, "paths": { "/pets": {
              "get": { "operationId": "listPets", "summary": "All pets", "tags": ["pets", "all"], "responses": {} },
              "post": { "deprecated": true, "responses": {} } } } }
            """);

        document.SpecVersion.ShouldBe("2.0");
        document.Title.ShouldBe("Pets");
        document.Version.ShouldBe("1.2");
        document.Format.ShouldBe(DocumentFormat.Json);
        document.Operations.ShouldBe([
            new ImportedOperation("GET", "/pets", "listPets", "All pets", "pets", Deprecated: false),
            new ImportedOperation("POST", "/pets", null, null, null, Deprecated: true),
        ]);
        document.Findings.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("swagger: 2.0", "2.0")]
    [InlineData("swagger: '2.0'", "2.0")]
    [InlineData("openapi: 3.0.3", "3.0.3")]
    [InlineData("openapi: 3.1.0", "3.1.0")]
    [InlineData("openapi: \"3.1.1\"", "3.1.1")]
    [InlineData("openapi: 3.2.0", "3.2.0")]
    public void Read_YamlOfEachVersion_HasOperations(string version, string expected)
    {
        var document = Imported($$"""
            {{version}}
            info: {title: Pets, version: 1.0}
            paths:
              /pets/{id}:
                parameters:
                  - {name: id, in: path, required: true}
                get:
                  operationId: getPet
                  responses:
                    200: {description: ok}
            """);

        document.SpecVersion.ShouldBe(expected);
        document.Format.ShouldBe(DocumentFormat.Yaml);
        document.Operations.ShouldHaveSingleItem().ShouldBe(new ImportedOperation("GET", "/pets/{id}", "getPet", null, null, Deprecated: false));
        document.Findings.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("3.0.0")]
    [InlineData("3.1.0")]
    public void Read_OpenApi3Json_CountsEveryMethodOfPathsOnly(string version)
    {
        var document = Imported($$"""
            { "openapi": "{{version}}", "info": { "title": "t", "version": "1" },
              "webhooks": { "new": { "post": { "responses": {} } } },
              "paths": { "x-note": { "get": {} }, "/a": {
                "get": { "responses": {}, "callbacks": { "done": { "{$request.body#/url}": { "post": { "responses": {} } } } } },
                "put": { "responses": {} }, "post": { "responses": {} }, "delete": { "responses": {} }, "options": { "responses": {} }, "head": { "responses": {} },
                "patch": { "responses": {} }, "trace": { "responses": {} }, "query": { "responses": {} }, "x-get": {}, "servers": [] } } }
            """);

        document.Operations.Select(operation => operation.Method).ShouldBe(["GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"]);
    }

    [Fact]
    public void Read_OpenApi32_HasQueryAndAdditionalOperations() => Imported("""
        { "openapi": "3.2.0", "info": { "title": "t", "version": "1" }, "paths": { "/a": { "query": { "responses": {} }, "additionalOperations": { "COPY": { "responses": {} } } } } }
        """).Operations.Select(operation => operation.Method).ShouldBe(["QUERY", "COPY"]);

    [Fact]
    public void Read_PathReferenceInside_IsFollowed()
    {
        var document = Imported("""
            { "openapi": "3.1.0", "info": { "title": "t", "version": "1" },
              "paths": { "/a": { "$ref": "#/components/pathItems/shared" }, "/b": { "$ref": "#/paths/~1a", "get": { "operationId": "own", "responses": {} } } },
              "components": { "pathItems": { "shared": { "get": { "operationId": "there", "responses": {} }, "post": { "responses": {} } } } } }
            """);

        document.Operations.Select(operation => $"{operation.Method} {operation.Path}").ShouldBe(["GET /a", "POST /a", "GET /b", "POST /b"]);
        document.Operations[2].OperationId.ShouldBe("own");
    }

    [Fact]
    public void Read_PathReferenceInACircle_Ends() => Imported("""
        { "openapi": "3.1.0", "info": { "title": "t", "version": "1" }, "paths": {
          "/a": { "$ref": "#/paths/~1b", "get": { "responses": {} } }, "/b": { "$ref": "#/paths/~1a" } } }
        """).Operations.Count.ShouldBe(2);

    [Fact]
    public void Read_ByteOrderMarks_AreRead()
    {
        const string text = """{ "openapi": "3.0.0", "info": { "title": "Grüße", "version": "1" }, "paths": { "/a": { "get": { "responses": {} } } } }""";

        foreach (var encoding in new[] { Encoding.UTF8, Encoding.Unicode, Encoding.BigEndianUnicode })
            OpenApiImport.Read((byte[])[.. encoding.GetPreamble(), .. encoding.GetBytes(text)]).Value.Title.ShouldBe("Grüße");
    }

    [Fact]
    public void Read_YamlAliasesAndMergeKeys_AreResolved()
    {
        var document = Imported("""
            openapi: 3.0.0
            info: {title: t, version: "1"}
            x-base: &base {summary: shared, responses: {200: {description: ok}}}
            x-second: &second {summary: later, deprecated: true}
            paths:
              /a:
                get: *base
                put: {<<: *base, summary: own}
                post:
                  <<: [*base, *second]
              /b: &b
                get: {responses: {}}
              /c: *b
            """);

        document.Operations.Select(operation => $"{operation.Method} {operation.Path} {operation.Summary}").ShouldBe(["GET /a shared", "PUT /a own", "POST /a shared", "GET /b ", "GET /c "]);
        document.Operations[2].Deprecated.ShouldBeTrue();
    }

    [Fact]
    public void Read_NulAndHalfSurrogates_BecomeStorableText()
    {
        var document = Imported("""{ "openapi": "3.0.0", "info": { "title": "a\u0000b\ud800c", "version": "1" }, "paths": { "/a\u0000": { "get": { "summary": "\udc00", "responses": {} } } } }""");

        document.Title.ShouldBe("a\uFFFDb\uFFFDc");
        document.Operations.Single().Path.ShouldBe("/a\uFFFD");
        document.Operations.Single().Summary.ShouldBe("\uFFFD");
    }

    [Theory]
    [InlineData("", 1, 1)]
    [InlineData("  \n ", 1, 1)]
    [InlineData("{\n  \"openapi\": \"3.0.0\",\n  \"paths\": {", 3, null)]
    [InlineData("{ \"openapi\": }", 1, 14)]
    [InlineData("openapi: 3.0.0\npaths: [\n", 3, null)]
    [InlineData("a: b: c", 1, null)]
    [InlineData("a: *nowhere", 1, 4)]
    [InlineData("a: &a [*a]", 1, 8)]
    [InlineData("? [a]\n: b", 1, 3)]
    [InlineData("a: \"\\uD800\\xZZ\"", 1, null)]
    public void Read_Unreadable_NamesThePlace(string text, int line, int? column)
    {
        var failure = Refused(text, "OPENAPI_UNREADABLE");

        failure.Kind.ShouldBe(FailureKind.Invalid);
        failure.Message.ShouldContain($"(line {line}");
        if (column is not null)
            failure.Message.ShouldContain($"column {column})");
    }

    [Fact]
    public void Read_InvalidUtf8_NamesThePlace() =>
        OpenApiImport.Read((byte[])[.. "{\n \"a\": \""u8, 0xC3, 0x28, .. "\" }"u8]).Failure!.Message.ShouldContain("(line 2, column 8)");

    [Fact]
    public void Read_AliasBomb_IsRefused()
    {
        var bomb = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (var i = 1; i < 12; i++)
            bomb.Append(System.Globalization.CultureInfo.InvariantCulture, $"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n");

        Refused(bomb.ToString(), "OPENAPI_UNREADABLE").Message.ShouldContain("aliases stand for more than");
    }

    [Fact]
    public void Read_MergeBomb_IsRefused()
    {
        var bomb = new StringBuilder($"a0: &a0 {{{string.Join(", ", Enumerable.Range(0, 1000).Select(i => $"k{i}: v"))}}}\n");
        for (var i = 1; i < 600; i++)
            bomb.Append(System.Globalization.CultureInfo.InvariantCulture, $"a{i}: {{<<: *a0}}\n");

        Refused(bomb.ToString(), "OPENAPI_UNREADABLE").Message.ShouldContain("aliases stand for more than");
    }

    [Theory]
    [InlineData("{\"a\":", "}")]
    [InlineData("[", "]")]
    [InlineData("- [", "]")]
    public void Read_TooDeep_IsRefused(string open, string close) =>
        Refused(string.Concat(Enumerable.Repeat(open.TrimStart('-', ' '), 100_000).Prepend(open.StartsWith('-') ? "- " : "")) + string.Concat(Enumerable.Repeat(close, 100_000)), "OPENAPI_UNREADABLE");

    [Theory]
    [InlineData("hello world")]
    [InlineData("[1, 2]")]
    [InlineData("<html></html>")]
    [InlineData("{}")]
    [InlineData("{ \"openapi\": 3 , \"paths\": {} }")]
    [InlineData("{ \"openapi\": \"4.0.0\", \"paths\": {} }")]
    [InlineData("{ \"swagger\": \"1.2\", \"apis\": [] }")]
    [InlineData("{ \"asyncapi\": \"2.0.0\", \"channels\": {} }")]
    public void Read_NotOpenApi_IsRefused(string text) => Refused(text, "OPENAPI_NOT_OPENAPI");

    [Theory]
    [InlineData("")]
    [InlineData(", \"paths\": {}")]
    [InlineData(", \"paths\": []")]
    [InlineData(", \"paths\": { \"/a\": {} }")]
    [InlineData(", \"paths\": { \"/a\": { \"get\": null, \"parameters\": [] } }")]
    [InlineData(", \"webhooks\": { \"a\": { \"post\": {} } }")]
    public void Read_NoOperation_IsRefused(string rest) => Refused($$"""{ "openapi": "3.1.0", "info": { "title": "t", "version": "1" }{{rest}} }""", "OPENAPI_NO_OPERATION");

    [Fact]
    public void Read_LargerThanAllowed_IsRefused() => OpenApiImport.Read(new byte[OpenApiImport.MaximumBytes + 1]).Failure!.Kind.ShouldBe(FailureKind.TooLarge);

    internal static ImportedDocument Imported(string text)
    {
        var outcome = OpenApiImport.Read(Encoding.UTF8.GetBytes(text));
        outcome.Failure.ShouldBeNull(outcome.Failure?.Message);
        return outcome.Value;
    }

    private static Failure Refused(string text, string code)
    {
        var failure = OpenApiImport.Read(Encoding.UTF8.GetBytes(text)).Failure.ShouldNotBeNull();
        failure.Code.ShouldBe(code, failure.Message);
        return failure;
    }
}
