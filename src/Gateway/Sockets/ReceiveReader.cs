using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Tollgate.Gateway.Sockets;

/// <summary>
/// What a client sends, received when somebody asks for it and where the asking is: nothing is read ahead, so a client that sends faster than it is served fills its own
/// buffers. A connection that waits holds no buffer.
/// </summary>
/// <param name="socket">The client's.</param>
/// <param name="explain">What a reader is told of an error.</param>
internal sealed class ReceiveReader(LoopSocket socket, Func<SocketException, Exception> explain) : PipeReader
{
    // A head fits into a small one; what fills that is a body, which comes in larger pieces.
    private const int BodyRoom = 32 * 1024;

    private byte[] _buffer = [];
    private int _start;
    private int _end;
    private bool _examined;
    private bool _ended;
    private bool _fills;
    private int _canceled;
    private Exception? _error;

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (TryRead(out var result))
            return new ValueTask<ReadResult>(result);
        return cancellationToken.CanBeCanceled ? ReceiveUntilAsync(cancellationToken) : ReceiveAsync();
    }

    public override bool TryRead(out ReadResult result)
    {
        if (Interlocked.Exchange(ref _canceled, 0) != 0)
        {
            result = Result(isCanceled: true);
            return true;
        }
        result = default;
        if (_ended || (_end > _start && !_examined))
            result = Result(isCanceled: false);
        else if (_error is not null)
            throw _error;
        else
            return false;
        return true;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (consumed.GetObject() is null)
            return;
        _start = consumed.GetInteger() & int.MaxValue;
        _examined = (examined.GetInteger() & int.MaxValue) == _end;
        if (_start == _end)
            GiveBack();
    }

    /// <summary>From any thread; whoever waits goes on there.</summary>
    public override void CancelPendingRead()
    {
        Volatile.Write(ref _canceled, 1);
        socket.WakeReader();
    }

    public override void Complete(Exception? exception = null)
    {
        _ended = true;
        _start = _end;
        GiveBack();
    }

    private async ValueTask<ReadResult> ReceiveUntilAsync(CancellationToken cancellation)
    {
        using var wake = cancellation.UnsafeRegister(static socket => ((LoopSocket)socket!).WakeReader(), socket);
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            await socket.ReadableAsync().ConfigureAwait(false);
            if (TryReceive(out var result))
                return result;
        }
    }

    [AsyncMethodBuilder(typeof(PathMethodBuilder<>))]
    private async ValueTask<ReadResult> ReceiveAsync()
    {
        while (true)
        {
            await socket.ReadableAsync().ConfigureAwait(false);
            if (TryReceive(out var result))
                return result;
        }
    }

    // False when it was woken for nothing.
    private bool TryReceive(out ReadResult result)
    {
        MakeRoom();
        int count;
        try
        {
            count = socket.TryReceive(_buffer.AsSpan(_end));
        }
        catch (SocketException exception)
        {
            _error = explain(exception);
            throw _error;
        }
        if (count > 0)
        {
            _end += count;
            _examined = false;
            _fills = _end == _buffer.Length;
        }
        _ended |= count == 0;
        if (count < 0 && Volatile.Read(ref _canceled) == 0)
        {
            if (_start == _end)
                GiveBack();
            result = default;
            return false;
        }
        result = Result(Interlocked.Exchange(ref _canceled, 0) != 0);
        return true;
    }

    private void MakeRoom()
    {
        if (_end < _buffer.Length)
            return;
        var held = _end - _start;
        var larger = SocketBuffers.Rent(Math.Max(_fills ? BodyRoom : SocketBuffers.Small, held * 2));
        _buffer.AsSpan(_start, held).CopyTo(larger);
        GiveBack();
        (_buffer, _end) = (larger, held);
    }

    private void GiveBack()
    {
        if (_buffer.Length > 0)
            SocketBuffers.Return(_buffer);
        (_buffer, _start, _end) = ([], 0, 0);
    }

    private ReadResult Result(bool isCanceled) => new(new ReadOnlySequence<byte>(_buffer, _start, _end - _start), isCanceled, _ended);
}
