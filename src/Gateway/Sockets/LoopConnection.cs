using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Tollgate.Gateway.Sockets;

/// <summary>A client's connection as Kestrel wants it: a reader that receives and a writer that sends, both on the loop's thread.</summary>
internal sealed class LoopConnection : ConnectionContext, IMemoryPoolFeature, IConnectionLifetimeFeature, IConnectionTransportFeature, IEndHandler
{
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(30);

    private readonly LoopSocket _socket;
    private readonly MemoryPool<byte> _memory;
    private readonly ReceiveReader _input;
    private readonly SendWriter _output;
    private readonly CancellationTokenSource _closed = new();
    private volatile Exception? _aborted;
    private int _told;

    public LoopConnection(LoopSocket socket, int descriptor, MemoryPool<byte> memory)
    {
        (_socket, _memory) = (socket, memory);
        _input = new ReceiveReader(socket, Explain);
        _output = new SendWriter(socket);
        Transport = new Duplex(_input, _output);
        ConnectionClosed = _closed.Token;
        (LocalEndPoint, RemoteEndPoint) = Names.Of(descriptor);
        Features = new FeatureCollection();
        Features.Set<IMemoryPoolFeature>(this);
        Features.Set<IConnectionLifetimeFeature>(this);
        Features.Set<IConnectionTransportFeature>(this);
        Features.Set(_output);
        Features.Set(this);
    }

    public override string ConnectionId { get; set; } = Guid.CreateVersion7().ToString("N");

    public override IFeatureCollection Features { get; }

    public override IDictionary<object, object?> Items { get; set; } = new ConnectionItems();

    public override IDuplexPipe Transport { get; set; }

    public MemoryPool<byte> MemoryPool => _memory;

    /// <summary>Its client may end its side and still be there: what a tunnel's two ends make of that is theirs.</summary>
    public bool MayHalfClose { get; set; }

    public void Start() => _socket.TellEnd(this);

    public void OnEnd(bool wholly)
    {
        if ((wholly || !MayHalfClose) && Interlocked.Exchange(ref _told, 1) == 0)
            // Not on this thread: whoever listens may do anything.
            ThreadPool.UnsafeQueueUserWorkItem(static connection => connection.FireClosed(), this, preferLocal: false);
    }

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
        _closed.Dispose();
        await base.DisposeAsync().ConfigureAwait(false);
    }

    private Exception Explain(SocketException exception) => _aborted ?? (exception.SocketErrorCode == SocketError.OperationAborted
        ? new ConnectionAbortedException("The connection was closed.", exception)
        : new ConnectionResetException(exception.Message, exception));

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
