using System.Net.Sockets;
using System.Text;

namespace Tollgate.load;

/// <summary>One keep-alive connection with at most one call on it.</summary>
internal sealed class Connection : IDisposable
{
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly Socket _socket;
    private int _filled;

    public Connection(string host, int port)
    {
        _socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        _socket.Connect(host, port);
        _socket.Blocking = false;
    }

    public int Descriptor => (int)_socket.Handle;

    /// <summary>When the call on it was due; -1: none.</summary>
    public long Due { get; private set; } = -1;

    public static byte[] Request(string host, string path, string key) => Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: {host}\r\nX-Api-Key: {key}\r\n\r\n");

    public void Send(byte[] request, long due)
    {
        Due = due;
        if (_socket.Send(request) != request.Length)
            throw new IOException("The socket takes no whole request.");
    }

    /// <summary>The status of the answer once it is here in full, else 0.</summary>
    public int Receive()
    {
        var read = _socket.Receive(_buffer.AsSpan(_filled), SocketFlags.None, out var error);
        if (error == SocketError.WouldBlock)
            return 0;
        if (read == 0 || error != SocketError.Success)
            throw new IOException($"The gateway closed the connection ({error}).");
        _filled += read;
        var answer = _buffer.AsSpan(0, _filled);
        var head = answer.IndexOf("\r\n\r\n"u8);
        if (head < 0 || _filled < head + 4 + ContentLength(answer[..head]))
            return 0;
        var status = (answer[9] - '0') * 100 + (answer[10] - '0') * 10 + answer[11] - '0';
        (_filled, Due) = (0, -1);
        return status;
    }

    public void Dispose() => _socket.Dispose();

    private static int ContentLength(ReadOnlySpan<byte> head)
    {
        const string name = "content-length:";
        for (var line = head; line.Length > name.Length; line = line[(line.IndexOf((byte)'\n') + 1)..])
        {
            if (Ascii.EqualsIgnoreCase(line[..name.Length], name))
            {
                var end = line.IndexOf((byte)'\r');
                return int.Parse(end < 0 ? line[name.Length..] : line[name.Length..end], provider: null);
            }
            if (line.IndexOf((byte)'\n') < 0)
                break;
        }
        throw new IOException("The answer has no Content-Length.");
    }
}
