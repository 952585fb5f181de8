using System.Buffers;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Tollgate.Gateway.Sockets;

/// <summary>Hears that a peer has ended its side, or both; maybe more than once, on any thread.</summary>
internal interface IEndHandler
{
    void OnEnd(bool wholly);
}

/// <summary>
/// A connected socket on an event loop. What waits on it goes on where its event arrives. One may receive and one may send at a time; it may be closed
/// from any thread at any time, and its descriptor is not closed, and so not given to another, while a call into the kernel has it.
/// </summary>
internal sealed class LoopSocket : IEventHandler, IDisposable
{
    private readonly int _descriptor;
    private readonly EventLoop _loop;
    private readonly int _place;
    private readonly Readiness _readable = new(ready: false);
    private readonly Readiness _writable;
    private readonly GatheredSend _gathered;
    private IEndHandler? _end;
    private int _uses = 1;
    private int _closed;

    /// <param name="loop">Its events come there.</param>
    /// <param name="descriptor">Non-blocking; owned from here on.</param>
    /// <param name="connected">False while a connect is under way: <see cref="ConnectedAsync"/> then tells.</param>
    public LoopSocket(EventLoop loop, int descriptor, bool connected)
    {
        (_loop, _descriptor) = (loop, descriptor);
        _writable = new Readiness(connected);
        _gathered = new GatheredSend(this);
        Libc.NoDelay(descriptor);
        try
        {
            _place = loop.Add(descriptor, this, Libc.In | Libc.Out | Libc.ReadHangUp | Libc.EdgeTriggered);
        }
        catch
        {
            _ = Libc.close(descriptor);
            throw;
        }
    }

    public EventLoop Loop => _loop;

    public bool IsClosed => Volatile.Read(ref _closed) != 0;

    /// <summary>Before its first events: on the loop's thread.</summary>
    public void TellEnd(IEndHandler handler) => _end = handler;

    public void OnEvents(uint events)
    {
        const uint Ends = Libc.Error | Libc.HangUp;
        if ((events & Ends) != 0)
            _writable.SetForGood();
        else if ((events & Libc.Out) != 0)
            _writable.Set();
        if ((events & (Ends | Libc.ReadHangUp)) != 0)
        {
            _readable.SetForGood();
            _end?.OnEnd(wholly: (events & Ends) != 0);
        }
        else if ((events & Libc.In) != 0)
            _readable.Set();
    }

    /// <summary>Returns when a connect that was begun has ended.</summary>
    /// <exception cref="SocketException">It failed.</exception>
    public async ValueTask ConnectedAsync()
    {
        await _writable.TakeAsync().ConfigureAwait(false);
        var error = (int)SocketError.OperationAborted;
        if (TryUse())
        {
            error = Libc.PendingError(_descriptor);
            Release();
        }
        if (error != 0)
            throw new SocketException(error);
        _writable.Set();
    }

    /// <summary>Returns when there may be something to receive: try it then, and wait again when there was nothing.</summary>
    public ValueTask ReadableAsync() => _readable.TakeAsync();

    /// <summary>Whoever waits for something to receive looks at once, on this thread.</summary>
    public void WakeReader() => _readable.Set();

    /// <summary>Returns when the peer may have taken something: try to send then, and wait again when it has not.</summary>
    public ValueTask WritableAsync() => _writable.TakeAsync();

    /// <summary>All of it.</summary>
    /// <exception cref="SocketException">The connection is broken, or closed from here.</exception>
    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        if (_loop.Gathers)
            return _gathered.Begin(bytes);
        var sent = TrySend(bytes.Span);
        return sent == bytes.Length ? default : SendRestAsync(bytes[Math.Max(0, sent)..]);
    }

    /// <summary>
    /// All of it, and nobody waits for that: where it fails, whoever receives hears of it. Until something is received the bytes stay as they are, and nothing else is sent.
    /// </summary>
    public void Send(ReadOnlyMemory<byte> bytes)
    {
        if (_loop.Gathers)
            _gathered.Put(bytes);
        else
            _gathered.SendNow(bytes);
    }

    public bool IsSending => _gathered.IsPending;

    /// <summary>What was last given to <see cref="Send"/> has gone out, or has begun to.</summary>
    public bool HasSent => _gathered.HasSent;

    /// <summary>All of it, many pieces at a time.</summary>
    /// <exception cref="SocketException">The connection is broken, or closed from here.</exception>
    public ValueTask SendAsync(in ReadOnlySequence<byte> bytes) => bytes.IsSingleSegment ? SendAsync(bytes.First) : SendPiecesAsync(bytes);

    /// <summary>The loop has heard of something that nobody has received, or of the end. Costs no call into the kernel.</summary>
    public bool IsReadable => _readable.IsReady;

    /// <summary>Whether something has arrived that nobody has asked for, its end included.</summary>
    public unsafe bool HasArrived()
    {
        byte one;
        if (!TryUse())
            return true;
        var count = Libc.recv(_descriptor, &one, 1, (int)SocketFlags.Peek | 0x40);
        var error = count < 0 ? Marshal.GetLastPInvokeError() : 0;
        Release();
        return count >= 0 || error != Libc.Again;
    }

    public void EndSending()
    {
        if (!TryUse())
            return;
        _ = Libc.shutdown(_descriptor, Libc.ShutdownSend);
        Release();
    }

    /// <summary>Whoever waits on it goes on at once, on this thread, and finds it closed.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
            return;
        _ = Libc.shutdown(_descriptor, Libc.ShutdownBoth);
        _readable.SetForGood();
        _writable.SetForGood();
        _end?.OnEnd(wholly: true);
        Release();
    }

    /// <summary>All of it, when the peer has taken what is there.</summary>
    public async ValueTask SendRestAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            await _writable.TakeAsync().ConfigureAwait(false);
            var sent = TrySend(bytes.Span);
            if (sent > 0)
                bytes = bytes[sent..];
        }
    }

    /// <summary>Some bytes; 0 when the peer has ended its side, -1 when nothing is there.</summary>
    /// <exception cref="SocketException">The connection is broken, or closed from here.</exception>
    public unsafe int TryReceive(Span<byte> target)
    {
        if (!TryUse())
            throw new SocketException((int)SocketError.OperationAborted);
        nint count;
        var error = 0;
        fixed (byte* start = target)
        {
            count = Libc.recv(_descriptor, start, target.Length, 0);
            if (count < 0)
                error = Marshal.GetLastPInvokeError();
        }
        // A full buffer: there may be more, and no event will tell of what is there already.
        return Received(count, error, mayHaveMore: count == target.Length);
    }

    /// <summary>The same into a pipe, which must be empty; at most so many bytes.</summary>
    /// <inheritdoc cref="TryReceive(Span{byte})"/>
    public int TryReceive(KernelPipe pipe, int most)
    {
        if (!TryUse())
            throw new SocketException((int)SocketError.OperationAborted);
        var count = pipe.Fill(_descriptor, most, out var error);
        // Many small pieces fill a pipe too.
        return Received(count, error, mayHaveMore: count > 0);
    }

    private int Received(nint count, int error, bool mayHaveMore)
    {
        Release();
        if (mayHaveMore || error == Libc.Interrupted)
            _readable.Set();
        return error is 0 ? (int)count : error is Libc.Again or Libc.Interrupted ? -1 : throw Failed(error);
    }

    private async ValueTask SendPiecesAsync(ReadOnlySequence<byte> bytes)
    {
        while (true)
        {
            var sent = TrySend(bytes);
            if (sent > 0)
                bytes = bytes.Slice(sent);
            if (bytes.IsEmpty)
                return;
            if (sent < 0)
                await _writable.TakeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>How much was taken; -1 when nothing can be taken now.</summary>
    /// <exception cref="SocketException">The connection is broken, or closed from here.</exception>
    public unsafe int TrySend(ReadOnlySpan<byte> bytes)
    {
        if (!TryUse())
            throw new SocketException((int)SocketError.OperationAborted);
        nint count;
        fixed (byte* start = bytes)
            count = Libc.send(_descriptor, start, bytes.Length, Libc.NoSignal);
        return Sent(count, count < 0 ? Marshal.GetLastPInvokeError() : 0);
    }

    /// <summary>The same for two pieces, one behind the other.</summary>
    /// <inheritdoc cref="TrySend(ReadOnlySpan{byte})"/>
    public int TrySend(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        if (!TryUse())
            throw new SocketException((int)SocketError.OperationAborted);
        return Sent(Pieces.Send(_descriptor, first, second, out var error), error);
    }

    /// <summary>The same for what stands in a pipe.</summary>
    /// <inheritdoc cref="TrySend(ReadOnlySpan{byte})"/>
    public int TrySend(KernelPipe pipe)
    {
        if (!TryUse())
            throw new SocketException((int)SocketError.OperationAborted);
        return Sent(pipe.Drain(_descriptor, out var error), error);
    }

    private int TrySend(in ReadOnlySequence<byte> bytes)
    {
        if (!TryUse())
            throw new SocketException((int)SocketError.OperationAborted);
        return Sent(Pieces.Send(_descriptor, bytes, out var error), error);
    }

    private int Sent(nint count, int error)
    {
        Release();
        if (error == Libc.Interrupted)
            _writable.Set();
        return error is 0 ? (int)count : error is Libc.Again or Libc.Interrupted ? -1 : throw Failed(error);
    }

    private static SocketException Failed(int error) => new(error switch
    {
        104 => (int)SocketError.ConnectionReset,
        32 => (int)SocketError.Shutdown,
        _ => error,
    });

    private bool TryUse()
    {
        var uses = Volatile.Read(ref _uses);
        while (uses > 0 && !IsClosed)
        {
            var before = Interlocked.CompareExchange(ref _uses, uses + 1, uses);
            if (before == uses)
                return true;
            uses = before;
        }
        return false;
    }

    private void Release()
    {
        if (Interlocked.Decrement(ref _uses) != 0)
            return;
        // In this order: once it is closed, the kernel may give the number to another, which registers itself under its own place.
        _loop.Remove(_place);
        _ = Libc.close(_descriptor);
    }
}
