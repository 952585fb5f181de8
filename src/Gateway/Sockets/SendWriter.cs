using System.IO.Pipelines;
using System.Net.Sockets;

namespace Tollgate.Gateway.Sockets;

/// <summary>
/// What is written to a client's connection: into one buffer, and sent out of it. A little goes out at the end of the loop's batch of events, and nobody waits
/// for that; more goes out at once, and whoever flushes waits until the client has taken it. Any thread may write, one at a time; an idle connection
/// holds no buffer.
/// </summary>
internal sealed class SendWriter(LoopSocket socket) : PipeWriter, IGathered
{
    private const int MostGathered = 16 * 1024;
    private const int LeastBytesASecond = 1024;

    private readonly Lock _gate = new();
    private byte[] _buffer = [];
    private int _start;
    private int _end;
    private bool _lent;
    private bool _gathered;
    private bool _broken;
    private bool _completed;
    private KernelPipe? _pipe;
    private Task? _rest;
    private long _waitsSince;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _end - _start;

    /// <summary>Its client has taken less than <see cref="LeastBytesASecond"/> for longer than that may last.</summary>
    /// <param name="now">Of <see cref="Environment.TickCount64"/>.</param>
    /// <param name="grace">So long it may take nothing.</param>
    public bool IsStuck(long now, TimeSpan grace)
    {
        lock (_gate)
            return _rest is not null && now - _waitsSince > grace.TotalMilliseconds;
    }

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        lock (_gate)
        {
            var room = Math.Max(sizeHint, 1);
            if (_buffer.Length - _end < room)
                Grow(room);
            _lent = true;
            return _buffer.AsMemory(_end);
        }
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes)
    {
        lock (_gate)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)bytes, (uint)(_buffer.Length - _end), nameof(bytes));
            _end += bytes;
            _lent = false;
        }
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        Task? rest;
        lock (_gate)
        {
            if (_start < _end && _rest is null && !PutOff())
                Send();
            if (_broken)
                return new ValueTask<FlushResult>(new FlushResult(isCanceled: false, isCompleted: true));
            rest = _rest;
        }
        return rest is null ? default : AfterAsync(rest);
    }

    /// <summary>A large piece goes out from where it is, behind what stands in the buffer; only what the client does not take at once is copied there.</summary>
    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            if (source.Length > MostGathered && _rest is null)
            {
                source = source[SendAhead(source)..];
                if (_start == _end && !_lent)
                    GiveBack();
            }
            if (!source.IsEmpty)
            {
                source.Span.CopyTo(GetSpan(source.Length));
                Advance(source.Length);
            }
        }
        return FlushAsync(cancellationToken);
    }

    /// <summary>What stands in a pipe goes out, behind what is written: when this ends the pipe is empty, or the client gone.</summary>
    public ValueTask<FlushResult> PassAsync(KernelPipe pipe)
    {
        lock (_gate)
        {
            _pipe = pipe;
            if (_rest is null)
                Send();
        }
        return FlushAsync();
    }

    /// <summary>What is written goes out, then the client is told that there is no more.</summary>
    public override void Complete(Exception? exception = null)
    {
        lock (_gate)
        {
            if (_completed)
                return;
            _completed = true;
            _lent = false;
            if (_rest is null)
                Send();
        }
    }

    /// <summary>A flush ends when the client takes what there is, or with the connection.</summary>
    public override void CancelPendingFlush()
    {
    }

    /// <summary>Returns when nothing is left to send.</summary>
    public Task DrainAsync()
    {
        lock (_gate)
        {
            if (_rest is null)
                Send();
            return _rest ?? Task.CompletedTask;
        }
    }

    void IGathered.Run()
    {
        lock (_gate)
        {
            _gathered = false;
            if (_rest is null)
                Send();
        }
    }

    private bool PutOff()
    {
        if (_end - _start > MostGathered)
            return false;
        if (_gathered)
            return true;
        if (!socket.Loop.Gathers)
            return false;
        _gathered = true;
        socket.Loop.Gather(this);
        return true;
    }

    private async ValueTask<FlushResult> AfterAsync(Task rest)
    {
        await rest.ConfigureAwait(false);
        return new FlushResult(isCanceled: false, isCompleted: Volatile.Read(ref _broken));
    }

    // Holding the gate.
    private void Send()
    {
        if (!TrySend())
        {
            _waitsSince = Environment.TickCount64;
            var rest = SendRestAsync();
            _rest = rest.IsCompleted ? null : rest;
        }
    }

    private async Task SendRestAsync()
    {
        while (true)
        {
            await socket.WritableAsync().ConfigureAwait(false);
            lock (_gate)
            {
                if (!TrySend())
                {
                    _waitsSince = Math.Min(_waitsSince, Environment.TickCount64);
                    continue;
                }
                _rest = null;
                return;
            }
        }
    }

    // Holding the gate. How much of what is not in the buffer has gone out, or needs not to.
    private int SendAhead(ReadOnlyMemory<byte> source)
    {
        if (_broken)
            return source.Length;
        try
        {
            var unsent = _end - _start;
            var sent = Math.Max(0, socket.TrySend(_buffer.AsSpan(_start, unsent), source.Span));
            _start += Math.Min(sent, unsent);
            return Math.Max(0, sent - unsent);
        }
        catch (SocketException)
        {
            Break();
            return source.Length;
        }
    }

    private void Break()
    {
        // Whoever reads from it hears why.
        _broken = true;
        socket.Dispose();
    }

    // Holding the gate. False when the client must take some of it first.
    private bool TrySend()
    {
        try
        {
            while (_start < _end && !_broken)
            {
                var sent = socket.TrySend(_buffer.AsSpan(_start, _end - _start));
                if (sent < 0)
                    return false;
                _start += sent;
                Credit(sent);
            }
            while (_pipe is { Held: > 0 } pipe && !_broken)
            {
                var sent = socket.TrySend(pipe);
                if (sent < 0)
                    return false;
                Credit(sent);
            }
        }
        catch (SocketException)
        {
            Break();
        }
        if (_broken)
            _start = _end;
        _pipe = null;
        if (!_lent)
            GiveBack();
        if (_completed)
            socket.EndSending();
        return true;
    }

    // Each byte that the client takes gives it a little more time.
    private void Credit(int sent) => _waitsSince += sent * 1000L / LeastBytesASecond;

    private void Grow(int room)
    {
        var unsent = _end - _start;
        var larger = SocketBuffers.Rent(unsent + room);
        _buffer.AsSpan(_start, unsent).CopyTo(larger);
        GiveBack();
        (_buffer, _start, _end) = (larger, 0, unsent);
    }

    private void GiveBack()
    {
        if (_buffer.Length > 0)
            SocketBuffers.Return(_buffer);
        (_buffer, _start, _end) = ([], 0, 0);
    }
}
