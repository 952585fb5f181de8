using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Tollgate.Identity.Tests.Organizations;

/// <summary>A body that is sent only once the server, which knows by then who calls, asks for it, and something else has happened in between.</summary>
internal sealed class LateBody : HttpContent
{
    private readonly byte[] _bytes;
    private readonly Func<Task> _meanwhile;

    private LateBody(object body, Func<Task> meanwhile)
    {
        _bytes = JsonSerializer.SerializeToUtf8Bytes(body);
        _meanwhile = meanwhile;
        Headers.ContentType = new MediaTypeHeaderValue("application/json");
    }

    public static async Task<(int Status, string Code)> SendAsync(Uri server, string token, HttpMethod method, string path, object body, Func<Task> meanwhile)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseCookies = false, Expect100ContinueTimeout = TimeSpan.FromSeconds(30) }) { BaseAddress = server };
        using var request = new HttpRequestMessage(method, path) { Content = new LateBody(body, meanwhile) };
        request.Headers.Authorization = new("Bearer", token);
        request.Headers.ExpectContinue = true;
        using var response = await client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return ((int)response.StatusCode, response.IsSuccessStatusCode ? "" : JsonDocument.Parse(text).RootElement.GetProperty("code").GetString()!);
    }

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        await _meanwhile();
        await stream.WriteAsync(_bytes);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _bytes.Length;
        return true;
    }
}
