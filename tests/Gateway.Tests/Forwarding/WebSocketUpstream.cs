using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Tollgate.Gateway.Tests.Listener;

namespace Tollgate.Gateway.Tests.Forwarding;

/// <summary>Echoes websocket messages.</summary>
internal sealed class WebSocketUpstream(WebApplication app) : IAsyncDisposable
{
    public Uri Address => new(app.Urls.First());

    public bool KeySeen { get; private set; }

    public static async Task<WebSocketUpstream> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var upstream = new WebSocketUpstream(app);
        app.UseWebSockets();
        app.Run(async context =>
        {
            upstream.KeySeen |= context.Request.Headers.Any(header => header.Value.ToString().Contains(FakeAdmission.Key, StringComparison.Ordinal));
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            var buffer = new byte[1024];
            while (await socket.ReceiveAsync(buffer, context.RequestAborted) is { CloseStatus: null } message)
                await socket.SendAsync(buffer.AsMemory(0, message.Count), message.MessageType, message.EndOfMessage, context.RequestAborted);
            await socket.CloseAsync(socket.CloseStatus!.Value, null, context.RequestAborted);
        });
        await app.StartAsync();
        return upstream;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();
}
