using System.Net.Sockets;
using System.Text;

namespace Tollgate.Host.Tests;

/// <summary>An answer to bytes that no client of a library would send.</summary>
internal sealed record RawAnswer(int Status, Dictionary<string, string> Headers)
{
    public static async Task<RawAnswer> ToAsync(Uri server, string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(server.Host, server.Port);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request));
        var received = new StringBuilder();
        var buffer = new byte[4096];
        while (!received.ToString().Contains("\r\n\r\n", StringComparison.Ordinal))
        {
            var count = await stream.ReadAsync(buffer).AsTask().WaitAsync(TimeSpan.FromSeconds(60));
            if (count == 0)
                break;
            received.Append(Encoding.Latin1.GetString(buffer, 0, count));
        }
        var head = received.ToString().Split("\r\n\r\n")[0].Split("\r\n");
        head[0].ShouldStartWith("HTTP/1.1 ", Case.Sensitive, request);
        return new RawAnswer(int.Parse(head[0][9..12], System.Globalization.CultureInfo.InvariantCulture),
            head[1..].Select(line => line.Split(':', 2)).ToDictionary(line => line[0], line => line[1].Trim(), StringComparer.OrdinalIgnoreCase));
    }
}
