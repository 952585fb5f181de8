using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tollgate.Foundation;

namespace Tollgate.Gateway.BuiltIn;

/// <summary>What came in, as the answer: method, query and body. Headers are left out, they may hold credentials.</summary>
internal static class EchoWriter
{
    public static void Write(Utf8JsonWriter writer, HttpRequest request, ReadOnlySpan<byte> body, DateTimeOffset at)
    {
        writer.WriteString("method"u8, request.Method);
        writer.WriteStartObject("query"u8);
        foreach (var (name, value) in request.Query)
            writer.WriteString(name, value.ToString());
        writer.WriteEndObject();
        writer.WritePropertyName("body"u8);
        WriteBody(writer, body);
        writer.WriteString("at"u8, at);
    }

    private static void WriteBody(Utf8JsonWriter writer, ReadOnlySpan<byte> body)
    {
        if (body.IsEmpty)
        {
            writer.WriteNullValue();
            return;
        }
        var reader = new Utf8JsonReader(body);
        try
        {
            if (JsonDocument.TryParseValue(ref reader, out var document))
            {
                using (document)
                {
                    if (reader.BytesConsumed == body.Length || body[(int)reader.BytesConsumed..].Trim(" \t\r\n"u8).IsEmpty)
                    {
                        writer.WriteRawValue(JsonSerializer.SerializeToUtf8Bytes(document.RootElement, Json.Options), skipInputValidation: true);
                        return;
                    }
                }
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // No JSON, or half of a surrogate pair as an escape, which no text can hold: it is echoed as text.
        }
        writer.WriteStringValue(Encoding.UTF8.GetString(body));
    }
}
