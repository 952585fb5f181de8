using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Tollgate.Gateway.Sockets;

namespace Tollgate.Gateway.Tests.Sockets;

public sealed class SocketBuffersTests
{
    // More than the runtime's pool keeps of a size for a few processors; fewer than a loop does.
    private const int AtATime = 250;

    [Fact]
    public async Task Rent_OnALoop_ManyAtATime_AreTheSameAgain()
    {
        var (first, again) = await OnALoopAsync(() => (RentAndReturn(), RentAndReturn()));
        first.Distinct().Count().ShouldBe(AtATime);
        again.ShouldBe(first, ignoreOrder: true);
    }

    [Fact]
    public async Task Return_MoreThanALoopKeeps_AreLetGoOf()
    {
        var kept = await OnALoopAsync(() =>
        {
            foreach (var buffer in Enumerable.Range(0, 10 * AtATime).Select(_ => SocketBuffers.Rent(1)).ToArray())
                SocketBuffers.Return(buffer);
            return EventLoop.Current!.Buffers.Count;
        });
        kept.ShouldBe(256);
    }

    [Theory]
    [InlineData(1, 4096)]
    [InlineData(4096, 4096)]
    [InlineData(4097, 8192)]
    public async Task Rent_HasTheRoomThatIsAskedFor(int bytes, int room)
    {
        (await OnALoopAsync(() => SocketBuffers.Rent(bytes).Length)).ShouldBe(room);
        SocketBuffers.Rent(bytes).Length.ShouldBe(room);
    }

    private static byte[][] RentAndReturn()
    {
        var rented = Enumerable.Range(0, AtATime).Select(_ => SocketBuffers.Rent(1)).ToArray();
        foreach (var buffer in rented)
            SocketBuffers.Return(buffer);
        return rented;
    }

    private static async Task<T> OnALoopAsync<T>(Func<T> what)
    {
        using var loops = new EventLoops(NullLoggerFactory.Instance);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var socket = await loops.ConnectAsync((IPEndPoint)listener.LocalEndpoint, CancellationToken.None);
        using var peer = await listener.AcceptSocketAsync();
        var done = WhenReadableAsync(socket, what);
        await peer.SendAsync(new byte[] { 1 });
        return await done;
    }

    private static async Task<T> WhenReadableAsync<T>(LoopSocket socket, Func<T> what)
    {
        while (socket.TryReceive(new byte[8]) < 0)
            await socket.ReadableAsync().ConfigureAwait(false);
        EventLoop.Current.ShouldNotBeNull();
        return what();
    }
}
