using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Tollgate.Gateway.Sockets;

/// <summary>Kestrel's connections on the event loops.</summary>
internal sealed class LoopTransport(EventLoops loops, IMemoryPoolFactory<byte>? memory, ILoggerFactory loggers) : IConnectionListenerFactory
{
    private readonly MemoryPool<byte> _memory = memory?.Create() ?? MemoryPool<byte>.Shared;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        if (endpoint is not IPEndPoint address)
            throw new NotSupportedException($"The gateway cannot listen on {endpoint}.");
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (address.Address.Equals(IPAddress.IPv6Any))
                socket.DualMode = true;
            socket.Bind(address);
            socket.Listen(1024);
            socket.Blocking = false;
            return ValueTask.FromResult<IConnectionListener>(new LoopListener(socket, loops, _memory, loggers.CreateLogger<LoopListener>()));
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            throw exception.SocketErrorCode == SocketError.AddressAlreadyInUse ? new AddressInUseException(exception.Message, exception) : exception;
        }
    }
}

/// <summary>Each loop accepts for itself, one of them at a time.</summary>
internal sealed partial class LoopListener : IConnectionListener, IEventHandler
{
    private const int AtOnce = 64;

    private readonly Socket _socket;
    private readonly int _descriptor;
    private readonly EventLoops _loops;
    private readonly MemoryPool<byte> _memory;
    private readonly ILogger _logger;
    private readonly Channel<ConnectionContext> _accepted = Channel.CreateUnbounded<ConnectionContext>();
    private readonly List<(EventLoop Loop, int Place)> _places = [];
    private readonly Lock _gate = new();

    // Given up for the moment that it takes to turn somebody away when no other descriptor is left.
    private int _spare = Libc.EventCreate();
    private long _toldAt;
    private volatile bool _closed;

    public LoopListener(Socket socket, EventLoops loops, MemoryPool<byte> memory, ILogger logger)
    {
        (_socket, _loops, _memory, _logger) = (socket, loops, memory, logger);
        _descriptor = (int)socket.Handle;
        EndPoint = socket.LocalEndPoint!;
        foreach (var loop in loops.All)
            _places.Add((loop, loop.Add(_descriptor, this, Libc.In | Libc.Exclusive)));
    }

    public EndPoint EndPoint { get; }

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await _accepted.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
            if (_accepted.Reader.TryRead(out var connection))
                return connection;
        return null;
    }

    public void OnEvents(uint events)
    {
        for (var i = 0; i < AtOnce && !_closed; i++)
        {
            var descriptor = Libc.Accept(_descriptor);
            if (descriptor < 0)
            {
                TurnAway(Marshal.GetLastPInvokeError());
                return;
            }
            var connection = new LoopConnection(new LoopSocket(_loops.Here, descriptor, connected: true), descriptor, _memory);
            connection.Start();
            if (!_accepted.Writer.TryWrite(connection))
                connection.Abort();
        }
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        if (_closed)
            return default;
        _closed = true;
        foreach (var (loop, place) in _places)
            loop.Remove(place);
        _socket.Dispose();
        lock (_gate)
        {
            if (_spare >= 0)
                _ = Libc.close(_spare);
            _spare = -1;
        }
        _accepted.Writer.TryComplete();
        return default;
    }

    public ValueTask DisposeAsync() => UnbindAsync();

    // Out of descriptors: the event would come again at once and for ever. Whoever knocks is turned away, so that those who are in are served on.
    private void TurnAway(int error)
    {
        if (error is not (Libc.TooManyFiles or Libc.TooManyFilesAtAll))
            return;
        bool stuck, tell;
        lock (_gate)
        {
            if (_spare >= 0)
                _ = Libc.close(_spare);
            var descriptor = Libc.Accept(_descriptor);
            if (descriptor >= 0)
                _ = Libc.close(descriptor);
            _spare = Libc.TryEventCreate();
            stuck = _spare < 0;
            tell = Environment.TickCount64 - _toldAt >= 1000;
            if (tell)
                _toldAt = Environment.TickCount64;
        }
        if (tell)
            LogFull(_logger);
        // Somebody else was faster: nobody can be turned away, and the loop must not do nothing but ask.
        if (stuck)
            Thread.Sleep(1);
    }

    [LoggerMessage(1, LogLevel.Warning, "Connections are turned away: the process has as many open files as it may have (ulimit -n)")]
    private static partial void LogFull(ILogger logger);
}
