using System.Net.Sockets;
using System.Text;

namespace Tollgate.Gateway.Tests.Listener;

/// <summary>A client that sends exactly what it is told.</summary>
internal sealed class RawClient(TcpClient tcp) : IDisposable
{
    public NetworkStream Stream { get; } = tcp.GetStream();

    public int Available => tcp.Available;

    /// <param name="address">Of the gateway.</param>
    /// <param name="receiveBuffer">Bytes that its side of the connection holds; 0 for the machine's own size.</param>
    public static async Task<RawClient> ConnectAsync(Uri address, int receiveBuffer = 0)
    {
        var tcp = new TcpClient { NoDelay = true };
        // Before it connects: the window that it offers is settled then.
        if (receiveBuffer > 0)
            tcp.ReceiveBufferSize = receiveBuffer;
        await tcp.ConnectAsync(address.Host, address.Port);
        return new RawClient(tcp);
    }

    public static async Task<string> ExchangeAsync(Uri address, string request)
    {
        using var client = await ConnectAsync(address);
        await client.SendAsync(request);
        return await client.ReadToEndAsync();
    }

    public Task SendAsync(string text) => Stream.WriteAsync(Encoding.Latin1.GetBytes(text)).AsTask();

    /// <summary>Reads until the text so far contains <paramref name="end"/>.</summary>
    public async Task<string> ReadUntilAsync(string end)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var text = new StringBuilder();
        var buffer = new byte[1];
        while (!text.ToString().EndsWith(end, StringComparison.Ordinal))
        {
            if (await Stream.ReadAsync(buffer, deadline.Token) == 0)
                throw new IOException($"Closed after: {text}");
            text.Append((char)buffer[0]);
        }
        return text.ToString();
    }

    public async Task<string> ReadToEndAsync()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var all = new MemoryStream();
        try
        {
            await Stream.CopyToAsync(all, deadline.Token);
        }
        catch (IOException)
        {
            // Reset by the peer: what came before it counts.
        }
        return Encoding.Latin1.GetString(all.ToArray());
    }

    public void Dispose()
    {
        Stream.Dispose();
        tcp.Dispose();
    }
}
