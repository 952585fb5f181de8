using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Tollgate.Gateway.Sockets;

/// <summary>
/// A client's connection as Kestrel wants it: a pipe that is filled on the loop's thread, and a writer that sends. What reads the one and writes the other runs there too.
/// </summary>
internal sealed class LoopConnection : ConnectionContext, IMemoryPoolFeature, IConnectionLifetimeFeature, IConnectionTransportFeature
{
    // A head fits into a block of the pool; what fills one is a body, which comes in larger pieces.
    private const int LeastRoom = 2048;
    private const int BodyRoom = 32 * 1024;
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(30);

    private readonly LoopSocket _socket;
    private readonly MemoryPool<byte> _memory;
    private readonly Pipe _input;
    private readonly SendWriter _output;
    private readonly CancellationTokenSource _closed = new();
    private Task _receiving = Task.CompletedTask;
    private volatile Exception? _aborted;

    public LoopConnection(LoopSocket socket, int descriptor, MemoryPool<byte> memory)
    {
        (_socket, _memory) = (socket, memory);
        _input = new Pipe(Options(memory, 1024 * 1024));
        _output = new SendWriter(socket);
        Transport = new Duplex(_input.Reader, _output);
        ConnectionClosed = _closed.Token;
        (LocalEndPoint, RemoteEndPoint) = Names.Of(descriptor);
        Features = new FeatureCollection();
        Features.Set<IMemoryPoolFeature>(this);
        Features.Set<IConnectionLifetimeFeature>(this);
        Features.Set<IConnectionTransportFeature>(this);
        Features.Set(_output);
    }

    public override string ConnectionId { get; set; } = Guid.CreateVersion7().ToString("N");

    public override IFeatureCollection Features { get; }

    public override IDictionary<object, object?> Items { get; set; } = new ConnectionItems();

    public override IDuplexPipe Transport { get; set; }

    public MemoryPool<byte> MemoryPool => _memory;

    public void Start() => _receiving = ReceiveAsync();

    public override void Abort(ConnectionAbortedException abortReason)
    {
        _aborted ??= abortReason;
        _socket.Dispose();
    }

    public override async ValueTask DisposeAsync()
    {
        // Kestrel has ended both of its ends by now; what is left to send is sent first.
        await Transport.Input.CompleteAsync().ConfigureAwait(false);
        await Transport.Output.CompleteAsync().ConfigureAwait(false);
        // A client that reads nothing more would keep its connection for ever.
        await _output.DrainAsync().WaitAsync(Farewell).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _socket.Dispose();
        await _output.DrainAsync().ConfigureAwait(false);
        await _receiving.ConfigureAwait(false);
        _closed.Dispose();
        await base.DisposeAsync().ConfigureAwait(false);
    }

    private async Task ReceiveAsync()
    {
        Exception? error = null;
        var most = LeastRoom;
        try
        {
            while (true)
            {
                var room = _input.Writer.GetMemory(most);
                int count;
                do
                    await _socket.ReadableAsync().ConfigureAwait(false);
                while ((count = _socket.TryReceive(room.Span)) < 0);
                if (count == 0)
                    break;
                most = count == room.Length ? BodyRoom : LeastRoom;
                _input.Writer.Advance(count);
                var flushed = await _input.Writer.FlushAsync().ConfigureAwait(false);
                if (flushed.IsCompleted || flushed.IsCanceled)
                    break;
            }
        }
        catch (SocketException exception)
        {
            error = _aborted ?? (exception.SocketErrorCode == SocketError.OperationAborted
                ? new ConnectionAbortedException("The connection was closed.", exception)
                : new ConnectionResetException(exception.Message, exception));
        }
        await _input.Writer.CompleteAsync(_aborted ?? error).ConfigureAwait(false);
        // Not on this thread: whoever listens may do anything.
        ThreadPool.UnsafeQueueUserWorkItem(static connection => connection.FireClosed(), this, preferLocal: false);
    }

    private void FireClosed()
    {
        try
        {
            _closed.Cancel();
        }
        catch (Exception exception) when (exception is ObjectDisposedException or AggregateException)
        {
            // Nobody listens any more, or a listener failed: on a thread of the pool that would be the end of the process.
        }
    }

    private static PipeOptions Options(MemoryPool<byte> memory, long most) =>
        new(memory, PipeScheduler.Inline, PipeScheduler.Inline, most, most / 2, useSynchronizationContext: false);

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private static unsafe class Names
    {
        public static (EndPoint Local, EndPoint Remote) Of(int descriptor) => (Read(descriptor, local: true), Read(descriptor, local: false));

        private static IPEndPoint Read(int descriptor, bool local)
        {
            var bytes = stackalloc byte[28];
            var length = 28;
            if ((local ? Libc.getsockname(descriptor, bytes, &length) : Libc.getpeername(descriptor, bytes, &length)) != 0)
                return new IPEndPoint(IPAddress.None, 0);
            var port = (bytes[2] << 8) | bytes[3];
            // sockaddr_in and sockaddr_in6: family, port, then the address (after the flow label in the latter, and before its scope).
            return length <= 16
                ? new IPEndPoint(new IPAddress(new ReadOnlySpan<byte>(bytes + 4, 4)), port)
                : new IPEndPoint(new IPAddress(new ReadOnlySpan<byte>(bytes + 8, 16), *(uint*)(bytes + 24)), port);
        }
    }
}
