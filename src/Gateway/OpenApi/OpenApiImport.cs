using System.Text;
using System.Text.RegularExpressions;
using System.Text.Unicode;
using Tollgate.Foundation;

namespace Tollgate.Gateway.OpenApi;

/// <summary>Reads an OpenAPI document (2.0, 3.0, 3.1, 3.2; JSON or YAML). A pure function: nothing is fetched, nothing is written.</summary>
internal static partial class OpenApiImport
{
    public const int MaximumBytes = 32 * 1024 * 1024;

    public static Outcome<ImportedDocument> Read(ReadOnlyMemory<byte> document)
    {
        if (document.Length > MaximumBytes)
            return new Failure(FailureKind.TooLarge, "BODY_TOO_LARGE", $"An OpenAPI document has at most {MaximumBytes / (1024 * 1024)} MiB.");
        try
        {
            var findings = new Findings();
            var (root, format) = Parse(document, findings);
            return Read(root, format, findings);
        }
        catch (UnreadableException exception)
        {
            var place = exception.Line is { } line ? $" (line {line}{(exception.Column is { } column ? $", column {column}" : "")})" : "";
            return Refused("OPENAPI_UNREADABLE", $"The document cannot be read. {exception.Message.TrimEnd('.', ' ')}{place}.");
        }
        catch (TooManyOperationsException)
        {
            return Refused("OPENAPI_TOO_MANY_OPERATIONS", $"The document has more than {Operations.Maximum:N0} operations.");
        }
    }

    private static Outcome<ImportedDocument> Read(Node root, DocumentFormat format, Findings findings)
    {
        if (SpecVersion(root) is not { } version)
            return Refused("OPENAPI_NOT_OPENAPI", NotOpenApi(root));
        var isSwagger2 = version.StartsWith('2');
        var operations = new Operations(root, version.StartsWith("3.2", StringComparison.Ordinal), findings).Read();
        if (operations.Count == 0)
            return Refused("OPENAPI_NO_OPERATION", NoOperation(root));
        CheckInfo(root, findings);
        new References(root, isSwagger2, findings).Check();
        var info = root["info"u8];
        return new ImportedDocument(version, Plain.Text(info?["title"u8]?.Text, 200), Plain.Text(info?["description"u8]?.Text, 100_000),
            Plain.Text(info?["version"u8]?.Text, 100), format, operations, findings.ToList());
    }

    private static (Node Root, DocumentFormat Format) Parse(ReadOnlyMemory<byte> document, Findings findings)
    {
        var utf8 = ToUtf8(document);
        var start = utf8.Span.IndexOfAnyExcept(" \t\r\n"u8);
        if (start < 0)
            throw new UnreadableException("It is empty.", 1, 1);
        // JSON is JSON: what begins like it is held to its grammar, and not saved by YAML's wider one.
        if (utf8.Span[start] is (byte)'{' or (byte)'[')
            return (JsonTape.Read(utf8).Root, DocumentFormat.Json);
        var (tape, more) = YamlTape.Read(utf8);
        if (more)
            findings.Warning("", null, "The text holds several YAML documents; only the first is read.");
        return (tape.Root, DocumentFormat.Yaml);
    }

    private static ReadOnlyMemory<byte> ToUtf8(ReadOnlyMemory<byte> document)
    {
        var span = document.Span;
        if (span.StartsWith(Encoding.UTF8.Preamble))
            document = document[3..];
        else if (span.StartsWith(Encoding.Unicode.Preamble))
            document = Encoding.Convert(Encoding.Unicode, Encoding.UTF8, document[2..].ToArray());
        else if (span.StartsWith(Encoding.BigEndianUnicode.Preamble))
            document = Encoding.Convert(Encoding.BigEndianUnicode, Encoding.UTF8, document[2..].ToArray());
        if (!Utf8.IsValid(document.Span))
        {
            var (line, column) = FirstInvalid(document.Span);
            throw new UnreadableException("It is not valid UTF-8.", line, column);
        }
        return document;
    }

    private static (int Line, int Column) FirstInvalid(ReadOnlySpan<byte> text)
    {
        var at = 0;
        while (Rune.DecodeFromUtf8(text[at..], out _, out var length) == System.Buffers.OperationStatus.Done)
            at += length;
        return (text[..at].Count((byte)'\n') + 1, at - text[..at].LastIndexOf((byte)'\n'));
    }

    private static string? SpecVersion(Node root)
    {
        if (root["openapi"u8]?.Text is { } version && Version3().IsMatch(version))
            return version;
        return root["swagger"u8]?.Text is { } swagger && swagger is "2.0" or "2" ? "2.0" : null;
    }

    private static string NotOpenApi(Node root)
    {
        if (!root.IsObject)
            return "This is no OpenAPI document: an OpenAPI document is an object with a member `openapi` or `swagger`.";
        if ((root["openapi"u8] ?? root["swagger"u8]) is { } version)
            return $"'{Plain.Text(version.Text ?? "", 40)}' is no version of OpenAPI that can be read; 2.0, 3.0, 3.1 and 3.2 can.";
        return "This is no OpenAPI document: it has neither a member `openapi` nor `swagger` with a version.";
    }

    private static string NoOperation(Node root) => root["paths"u8] is { IsObject: true } paths
        ? paths.Members().Count == 0 ? "The document describes no operation: its `paths` is empty." : "The document describes no operation: no path in it has a method."
        : "The document describes no operation: it has no `paths`.";

    private static void CheckInfo(Node root, Findings findings)
    {
        if (root["info"u8] is not { IsObject: true } info)
        {
            findings.Warning("/info", root.Line, "The document has no `info`.");
            return;
        }
        if (string.IsNullOrWhiteSpace(info["title"u8]?.Text))
            findings.Warning("/info/title", info.Line, "The document has no title.");
        if (string.IsNullOrWhiteSpace(info["version"u8]?.Text))
            findings.Info("/info/version", info.Line, "The document does not say which version of the API it describes.");
    }

    private static Failure Refused(string code, string message) => new(FailureKind.Invalid, code, message, [new FieldError("openapi", code, message)]);

    [GeneratedRegex(@"^3\.[0-2](\.[0-9]+)?(-[0-9A-Za-z.-]+)?$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Version3();
}
