using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Tollgate.Foundation;

namespace Tollgate.Metering.Reports;

/// <summary>The three ways in which CloudEvents come over HTTP: one in JSON, an array of them, or one in headers with its data as the body.</summary>
internal static class ReportBody
{
    public const string Single = "application/cloudevents+json";
    public const string Batch = "application/cloudevents-batch+json";
    public const string Data = "application/json";
    public const int MostEvents = 1000;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };
    private static readonly string[] Attributes = ["specversion", "id", "source", "type", "subject", "time"];
    private static readonly Failure Unsupported =
        new(FailureKind.UnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", $"Send {Single}, {Batch}, or {Data} with the ce- headers, in UTF-8.");

    /// <summary>The events as they stand in the body; the document lives as long as they are read.</summary>
    public static async Task<Outcome<ReportItems>> ReadAsync(HttpRequest request, CancellationToken cancellation)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || (type.Charset.HasValue && !type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase)))
            return Unsupported;
        JsonDocument document;
        try
        {
            document = await JsonDocument.ParseAsync(request.Body, Strict, cancellation).ConfigureAwait(false);
        }
        catch (JsonException exception)
        {
            return new Failure(FailureKind.Malformed, "MALFORMED_JSON", $"The body is not JSON{(exception.LineNumber is { } line ? $" (line {line + 1})" : "")}.");
        }
        var items = Items(type.MediaType.Value, request.Headers, document);
        if (!items.Succeeded)
            document.Dispose();
        return items;
    }

    private static Outcome<ReportItems> Items(string? type, IHeaderDictionary headers, JsonDocument document)
    {
        if (Is(type, Single))
            return new ReportItems(document, [document.RootElement]);
        if (Is(type, Batch))
            return OfBatch(document);
        return Is(type, Data) && headers.ContainsKey("ce-specversion") ? OfHeaders(headers, document) : Unsupported;
    }

    private static bool Is(string? one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);

    private static Outcome<ReportItems> OfBatch(JsonDocument document)
    {
        if (document.RootElement.ValueKind != JsonValueKind.Array)
            return Failure.Invalid("body", "TYPE_INVALID", "A batch is an array of events.");
        var count = document.RootElement.GetArrayLength();
        return count > MostEvents
            ? Failure.Invalid("body", "TOO_MANY", $"At most {MostEvents} events in a batch.")
            : new ReportItems(document, [.. document.RootElement.EnumerateArray()]);
    }

    // Characters that a header cannot hold come percent-encoded.
    private static ReportItems OfHeaders(IHeaderDictionary headers, JsonDocument data)
    {
        var item = new Dictionary<string, object?>(StringComparer.Ordinal) { ["data"] = data.RootElement };
        foreach (var name in Attributes)
            if (headers.TryGetValue($"ce-{name}", out var value))
                item[name] = Uri.UnescapeDataString(value.ToString());
        return new ReportItems(data, [JsonSerializer.SerializeToElement(item)]);
    }
}

internal sealed record ReportItems(JsonDocument Document, IReadOnlyList<JsonElement> Items) : IDisposable
{
    public void Dispose() => Document.Dispose();
}
