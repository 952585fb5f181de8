using System.Text.Json;
using System.Text.Unicode;

namespace Tollgate.Identity.Tokens;

/// <summary>JSON from outside that must mean one thing to every reader: an object in UTF-8, no member twice, not deep. What is otherwise is no object.</summary>
internal static class StrictJson
{
    private static readonly JsonDocumentOptions Options = new() { AllowDuplicateProperties = false, MaxDepth = 16 };

    public static JsonElement? Object(ReadOnlySpan<byte> utf8)
    {
        if (!Utf8.IsValid(utf8))
            return null;
        try
        {
            var root = JsonElement.Parse(utf8, Options);
            return root.ValueKind == JsonValueKind.Object ? root : null;
        }
        // The second: a name with half of an escaped surrogate pair.
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>False when the member is there and is no text; a member that is absent is null.</summary>
    public static bool TryText(JsonElement parent, string name, out string? text)
    {
        text = null;
        return !parent.TryGetProperty(name, out var value) || (text = Text(value)) is not null;
    }

    /// <summary>Null for everything that is no text, half of an escaped surrogate pair included.</summary>
    public static string? Text(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
