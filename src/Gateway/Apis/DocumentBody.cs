using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Tollgate.Foundation;
using Tollgate.Gateway.OpenApi;

namespace Tollgate.Gateway.Apis;

/// <summary>A document as it came, and what was read in it.</summary>
internal sealed record Document(byte[] Bytes, ImportedDocument Imported)
{
    public string MediaType => Imported.Format == DocumentFormat.Json ? "application/json" : "application/yaml";

    /// <summary>The bytes of an object as they stand in the request, or those of a text in UTF-8. Null when the request has none.</summary>
    public static async Task<Outcome<Document?>> OfAsync(JsonElement? element, LargeDocuments large, CancellationToken cancellation)
    {
        if (element is not { ValueKind: JsonValueKind.Object or JsonValueKind.String } present)
            return (Document?)null;
        return await large.ReadAsync(JsonMarshal.GetRawUtf8Value(present).Length, () => Read(BytesOf(present)), cancellation).ConfigureAwait(false);
    }

    private static Outcome<Document?> Read(byte[] bytes)
    {
        var outcome = OpenApiImport.Read(bytes);
        return outcome.Failure is { } failure ? failure : new Document(bytes, outcome.Value);
    }

    private static byte[] BytesOf(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.Object)
            return JsonMarshal.GetRawUtf8Value(element).ToArray();
        try
        {
            return Encoding.UTF8.GetBytes(element.GetString()!);
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair as an escape: no text that UTF-8 could hold, and refused as such by the reader.
            return [0xFF];
        }
    }
}
