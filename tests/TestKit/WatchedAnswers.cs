using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;

namespace Tollgate.TestKit;

/// <summary>Between a test's client and the control API: remembers what is secret in answers, and in requests that were right (<see cref="HandedOut"/>). It changes nothing.</summary>
internal sealed class WatchedAnswers(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private static readonly string[] Given = ["access_token", "refresh_token", "token", "secret", "binding", "challenge", "recovery_codes", "password"];
    private static readonly string[] Taken = ["password", "current_password", "token", "code", "recovery_code", "binding", "challenge", "refresh_token", "upstream_headers"];
    private static readonly string[] Returned = ["code", "state"];
    private static readonly string[] Paths = ["/auth", "/api/", "/me"];

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        if ((int)response.StatusCode < 400 && request.RequestUri is { } uri && Array.Exists(Paths, path => uri.AbsolutePath.StartsWith(path, StringComparison.Ordinal)))
        {
            await RememberAsync(request.Content is JsonContent or StringContent ? request.Content : null, Taken, cancellationToken).ConfigureAwait(false);
            if (response.Content.Headers.ContentType?.MediaType == "application/json")
            {
                await response.Content.LoadIntoBufferAsync(cancellationToken).ConfigureAwait(false);
                await RememberAsync(response.Content, Given, cancellationToken).ConfigureAwait(false);
            }
            RememberQuery(uri);
            RememberCookies(response);
        }
        return response;
    }

    // A provider sends these back in an address.
    private static void RememberQuery(Uri uri)
    {
        foreach (var (name, values) in QueryHelpers.ParseQuery(uri.Query))
            if (Returned.Contains(name, StringComparer.Ordinal) && uri.AbsolutePath.StartsWith("/auth/", StringComparison.Ordinal))
                HandedOut.Remember($"returned {name}", values);
    }

    private static void RememberCookies(HttpResponseMessage response)
    {
        foreach (var line in response.Headers.TryGetValues("Set-Cookie", out var lines) ? lines : [])
            HandedOut.Remember("cookie", line.Split(';')[0].Split('=', 2)[^1]);
    }

    private static async Task RememberAsync(HttpContent? content, string[] names, CancellationToken cancellation)
    {
        if (content is null)
            return;
        using var copy = new MemoryStream();
        await content.CopyToAsync(copy, cancellation).ConfigureAwait(false);
        try
        {
            using var document = JsonDocument.Parse(copy.GetBuffer().AsMemory(0, (int)copy.Length));
            Remember(document.RootElement, null, names);
        }
        catch (JsonException)
        {
            // A test sends what is no JSON, and something takes it.
        }
    }

    private static void Remember(JsonElement element, string? secret, string[] names)
    {
        if (element.ValueKind == JsonValueKind.Object)
            foreach (var member in element.EnumerateObject())
                Remember(member.Value, KindOf(member, secret, names), names);
        else if (element.ValueKind == JsonValueKind.Array)
            foreach (var item in element.EnumerateArray())
                Remember(item, secret, names);
        else if (element.ValueKind == JsonValueKind.String && secret is not null && !IsAnId(element.GetString()!))
            HandedOut.Remember(secret, element.GetString());
    }

    private static string? KindOf(JsonProperty member, string? within, string[] names) => within == "upstream_headers"
        ? member.NameEquals("value") ? within : null
        : names.Contains(member.Name, StringComparer.Ordinal) ? member.Name : null;

    // Of a challenge that needs something else besides.
    private static bool IsAnId(string text) => text.StartsWith("chl_", StringComparison.Ordinal);
}
