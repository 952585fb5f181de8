using System.Globalization;
using System.Text;
using System.Text.Json;
using Tollgate.Foundation;

namespace Tollgate.Identity.Audit;

/// <summary>The log as a file.</summary>
internal static class AuditExport
{
    private const string Header = "id,at,account_id,actor,means,credential,on_behalf_of,address,user_agent,request_id,action,subject,organization_id,before,after\r\n";

    public static async Task WriteCsvAsync(IAsyncEnumerable<AuditEntryResponse> entries, Stream output, CancellationToken cancellation)
    {
        var writer = new StreamWriter(output, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), 16 * 1024, leaveOpen: true);
        await using (writer.ConfigureAwait(false))
        {
            await writer.WriteAsync(Header.AsMemory(), cancellation).ConfigureAwait(false);
            await foreach (var entry in entries.ConfigureAwait(false))
                await writer.WriteAsync($"{string.Join(',', Fields(entry).Select(Field))}\r\n".AsMemory(), cancellation).ConfigureAwait(false);
        }
    }

    public static async Task WriteJsonLinesAsync(IAsyncEnumerable<AuditEntryResponse> entries, Stream output, CancellationToken cancellation)
    {
        await foreach (var entry in entries.ConfigureAwait(false))
        {
            await JsonSerializer.SerializeAsync(output, entry, Json.Options, cancellation).ConfigureAwait(false);
            await output.WriteAsync("\n"u8.ToArray(), cancellation).ConfigureAwait(false);
        }
    }

    private static string?[] Fields(AuditEntryResponse entry) =>
    [
        entry.Id, entry.At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture), entry.AccountId, entry.Actor, AuditText.Of(entry.Means),
        entry.Credential, entry.OnBehalfOf, entry.Address, entry.UserAgent, entry.RequestId, entry.Action, entry.Subject, entry.OrganizationId,
        entry.Before?.ToJsonString(Json.Options), entry.After?.ToJsonString(Json.Options),
    ];

    // RFC 4180. A spreadsheet runs what begins like a formula, and names are typed by strangers: such a field gets an apostrophe.
    private static string Field(string? value)
    {
        if (string.IsNullOrEmpty(value))
            return "";
        var safe = value[0] is '=' or '+' or '-' or '@' or '\t' or '\r' ? "'" + value : value;
        return safe.AsSpan().IndexOfAny(",\"\r\n") < 0 ? safe : $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }
}
