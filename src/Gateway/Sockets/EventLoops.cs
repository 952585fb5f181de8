using System.Net;
using Microsoft.Extensions.Logging;

namespace Tollgate.Gateway.Sockets;

/// <summary>As many loops as there are processors. A connection stays with its loop; what a call needs of upstreams is looked for on the same one.</summary>
internal sealed class EventLoops : IDisposable
{
    private readonly EventLoop[] _loops;
    private int _next;

    public EventLoops(ILoggerFactory loggers)
    {
        var logger = loggers.CreateLogger<EventLoop>();
        _loops = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(number => new EventLoop(number, logger))];
    }

    public IReadOnlyList<EventLoop> All => _loops;

    /// <summary>This thread's, or the next in turn.</summary>
    public EventLoop Here =>
        // Not another set's: that one may be ending, and hears of nothing any more.
        EventLoop.Current is { } current && current.Number < _loops.Length && _loops[current.Number] == current
            ? current
            : _loops[(uint)Interlocked.Increment(ref _next) % _loops.Length];

    /// <exception cref="System.Net.Sockets.SocketException">It cannot be connected to.</exception>
    /// <exception cref="OperationCanceledException">Not in time.</exception>
    public async ValueTask<LoopSocket> ConnectAsync(IPEndPoint target, CancellationToken cancellation)
    {
        var descriptor = Libc.Socket(Family(target));
        var error = Begin(descriptor, target.Serialize());
        var socket = new LoopSocket(Here, descriptor, connected: false);
        try
        {
            if (error != 0)
                throw new System.Net.Sockets.SocketException(error);
            using var cut = cancellation.UnsafeRegister(static socket => ((LoopSocket)socket!).Dispose(), socket);
            await socket.ConnectedAsync().ConfigureAwait(false);
            return socket;
        }
        catch
        {
            socket.Dispose();
            cancellation.ThrowIfCancellationRequested();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (var loop in _loops)
            loop.Dispose();
    }

    // Linux: AF_INET and AF_INET6.
    private static int Family(IPEndPoint target) => target.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? 2 : 10;

    private static unsafe int Begin(int descriptor, SocketAddress address)
    {
        fixed (byte* bytes = address.Buffer.Span)
        {
            if (Libc.connect(descriptor, bytes, address.Size) == 0)
                return 0;
        }
        var error = System.Runtime.InteropServices.Marshal.GetLastPInvokeError();
        return error == Libc.InProgress ? 0 : error;
    }
}
