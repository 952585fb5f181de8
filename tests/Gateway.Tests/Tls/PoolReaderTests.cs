using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Tollgate.Gateway.Sockets;
using Tollgate.Gateway.Tls;

namespace Tollgate.Gateway.Tests.Tls;

public sealed class PoolReaderTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WhatComesOnALoop_IsWorkedOnInThePool_UntilTheHandshakeIsDone(bool done)
    {
        using var loops = new EventLoops(NullLoggerFactory.Instance);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var socket = await loops.ConnectAsync((IPEndPoint)listener.LocalEndpoint, CancellationToken.None);
        using var peer = await listener.AcceptSocketAsync();
        var pipe = new Pipe(new PipeOptions(readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, useSynchronizationContext: false));
        var reader = new PoolReader(pipe.Reader) { Done = done };

        var read = ReadAsync(reader);
        var received = ReceiveAsync(socket, pipe.Writer);
        await peer.SendAsync(new byte[] { 1 });
        (await received).ShouldBeTrue();
        (await read).ShouldBe(done);
    }

    private static async Task<bool> ReceiveAsync(LoopSocket socket, PipeWriter writer)
    {
        int count;
        do
            await socket.ReadableAsync().ConfigureAwait(false);
        while ((count = socket.TryReceive(writer.GetSpan())) < 0);
        writer.Advance(count);
        var onLoop = EventLoop.Current is not null;
        await writer.FlushAsync().ConfigureAwait(false);
        return onLoop;
    }

    private static async Task<bool> ReadAsync(PoolReader reader)
    {
        var result = await reader.ReadAsync().ConfigureAwait(false);
        result.Buffer.Length.ShouldBe(1);
        return EventLoop.Current is not null;
    }
}
