using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Tollgate.TestKit;

/// <summary>Resend's <c>POST /emails</c>: wants its key, the fields of a mail and an idempotency key, and sends what comes twice with the same one once.</summary>
public sealed class FakeResend : IAsyncDisposable
{
    public const string Key = "re_the_key_of_the_test";

    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, JsonElement> _sent = new(StringComparer.Ordinal);

    private FakeResend(WebApplication app) => _app = app;

    public Uri Address => new(_app.Urls.First());

    public IReadOnlyCollection<JsonElement> Sent => [.. _sent.Values];

    /// <summary>How the next calls end; true for a mail that is sent all the same.</summary>
    public ConcurrentQueue<(int Status, bool ButSent)> Answers { get; } = new();

    public static async Task<FakeResend> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var fake = new FakeResend(app);
        app.Run(fake.TakeAsync);
        await app.StartAsync().ConfigureAwait(false);
        return fake;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        var request = context.Request;
        context.Response.StatusCode = 422;
        if (request.Method != "POST" || request.Path != "/emails")
            context.Response.StatusCode = 404;
        else if (request.Headers.Authorization != $"Bearer {Key}")
            context.Response.StatusCode = 401;
        else if (request.Headers["Idempotency-Key"] is [{ Length: > 0 and <= 256 } key]
            && await JsonSerializer.DeserializeAsync<JsonElement>(request.Body).ConfigureAwait(false) is { ValueKind: JsonValueKind.Object } mail
            && new[] { "from", "subject", "text", "html" }.All(name => mail.TryGetProperty(name, out var value) && value.GetString() is { Length: > 0 })
            && mail.GetProperty("to").GetArrayLength() == 1)
            context.Response.StatusCode = Answer(key, mail);
    }

    private int Answer(string key, JsonElement mail)
    {
        var known = Answers.TryDequeue(out var answer);
        if (!known || answer.ButSent)
            _sent.TryAdd(key, mail);
        return known ? answer.Status : 200;
    }
}
