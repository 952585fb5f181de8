using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Tollgate.Gateway.Tests.Listener;

/// <summary>A request as its bytes were: the head as one text, the body decoded from its framing.</summary>
internal sealed record RawRequest(string Head, byte[] Body)
{
    public string RequestLine => Head[..Head.IndexOf('\r', StringComparison.Ordinal)];

    public string Target => RequestLine.Split(' ')[1];

    public string? Header(string name) => Headers(name).FirstOrDefault();

    public IEnumerable<string> Headers(string name) => Head.Split("\r\n").Skip(1)
        .Where(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase)).Select(line => line[(name.Length + 1)..].Trim());
}

/// <summary>An upstream on a bare socket: it records what arrives byte for byte and answers by a script.</summary>
internal sealed class RawUpstream : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;

    public RawUpstream()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    public ConcurrentQueue<RawRequest> Received { get; } = new();

    public int Connections;

    public RawRequest Single => Received.ShouldHaveSingleItem();

    /// <summary>Answers a request; the body has been read unless <see cref="ReadBody"/> is false.</summary>
    public Func<RawRequest, NetworkStream, CancellationToken, Task> Answer { get; set; } = (_, stream, _) => WriteAsync(stream, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");

    public bool ReadBody { get; set; } = true;

    public static Task WriteAsync(NetworkStream stream, string text) => stream.WriteAsync(Encoding.Latin1.GetBytes(text)).AsTask();

    public void Stop() => _listener.Stop();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                Interlocked.Increment(ref Connections);
                _ = ServeAsync(client);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or InvalidOperationException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                client.NoDelay = true;
                var stream = client.GetStream();
                while (await ReadAsync(stream) is { } request)
                {
                    Received.Enqueue(request);
                    await Answer(request, stream, _stop.Token);
                }
            }
            catch (Exception exception) when (exception is OperationCanceledException or IOException or ObjectDisposedException)
            {
                // The gateway went away.
            }
        }
    }

    private async Task<RawRequest?> ReadAsync(NetworkStream stream)
    {
        var head = await ReadUntilAsync(stream, "\r\n\r\n");
        if (head.Length == 0)
            return null;
        var request = new RawRequest(head, []);
        if (!ReadBody)
            return request;
        if (string.Equals(request.Header("Expect"), "100-continue", StringComparison.OrdinalIgnoreCase))
            await WriteAsync(stream, "HTTP/1.1 100 Continue\r\n\r\n");
        if (request.Header("Content-Length") is { } length)
        {
            var body = new byte[int.Parse(length, CultureInfo.InvariantCulture)];
            await stream.ReadExactlyAsync(body, _stop.Token);
            return request with { Body = body };
        }
        return request.Header("Transfer-Encoding") is null ? request : request with { Body = await ReadChunksAsync(stream) };
    }

    private async Task<byte[]> ReadChunksAsync(NetworkStream stream)
    {
        using var body = new MemoryStream();
        while (true)
        {
            var size = int.Parse((await ReadUntilAsync(stream, "\r\n")).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            var chunk = new byte[size];
            await stream.ReadExactlyAsync(chunk, _stop.Token);
            body.Write(chunk);
            await ReadUntilAsync(stream, "\r\n");
            if (size == 0)
                return body.ToArray();
        }
    }

    private async Task<string> ReadUntilAsync(NetworkStream stream, string end)
    {
        var text = new StringBuilder();
        var one = new byte[1];
        while (await stream.ReadAsync(one, _stop.Token) == 1)
        {
            text.Append((char)one[0]);
            if (one[0] == '\n' && text.ToString().EndsWith(end, StringComparison.Ordinal))
                break;
        }
        return text.ToString();
    }
}
