using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Tollgate.Gateway.Sockets;

namespace Tollgate.Gateway.Tests.Sockets;

public sealed class EventLoopsTests
{
    [Fact]
    public async Task Here_OnAThreadOfAnotherSet_IsOneOfItsOwn()
    {
        using var loops = new EventLoops(NullLoggerFactory.Instance);
        using var others = new EventLoops(NullLoggerFactory.Instance);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var socket = await loops.ConnectAsync((IPEndPoint)listener.LocalEndpoint, CancellationToken.None);
        using var peer = await listener.AcceptSocketAsync();

        var found = FindAsync(socket, loops, others);
        await peer.SendAsync(new byte[] { 1 });
        var (here, there) = await found;
        here.ShouldBeTrue();
        there.ShouldBeTrue();
    }

    private static async Task<(bool Here, bool There)> FindAsync(LoopSocket socket, EventLoops loops, EventLoops others)
    {
        while (socket.TryReceive(new byte[8]) < 0)
            await socket.ReadableAsync().ConfigureAwait(false);
        return (EventLoop.Current == loops.Here && loops.All.Contains(loops.Here), others.All.Contains(others.Here));
    }
}
