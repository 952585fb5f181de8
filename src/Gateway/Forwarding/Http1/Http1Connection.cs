using System.Buffers;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Tollgate.Gateway.Sockets;
using Tollgate.Gateway.Wire;

namespace Tollgate.Gateway.Forwarding.Http1;

/// <summary>
/// One connection to an upstream, for one exchange at a time. What was received and not yet used stands in <see cref="Received"/>. Cutting it from
/// another thread makes whatever waits on it fail.
/// </summary>
internal sealed class Http1Connection(LoopSocket socket, Http1Pool pool) : ICuttable, IDisposable
{
    private const int SmallBuffer = 8 * 1024;
    private const int MostFields = 256;

    private byte[] _buffer = GC.AllocateUninitializedArray<byte>(SmallBuffer, pinned: true);
    private int _start;
    private int _end;

    public Http1Pool Pool { get; } = pool;

    public EventLoop Loop => socket.Loop;

    /// <summary>The request's head is written here.</summary>
    public HeadBuffer Head { get; } = new();

    /// <summary>Fields of the answer at hand, as places in <see cref="Received"/>.</summary>
    public FieldList Fields { get; } = new(MostFields);

    public ReadOnlySpan<byte> Received => _buffer.AsSpan(_start, _end - _start);

    public ReadOnlyMemory<byte> ReceivedMemory => _buffer.AsMemory(_start, _end - _start);

    /// <summary>Milliseconds of <see cref="Environment.TickCount64"/> when it was last used.</summary>
    public long LastUsed { get; set; }

    /// <summary>It has served an exchange before: the upstream may have closed it in the meantime.</summary>
    public bool Used { get; set; }

    /// <summary>The exchange at hand has brought bytes of the upstream's.</summary>
    public bool Heard { get; set; }

    /// <summary>Closed, or answered before it was asked.</summary>
    public bool IsBroken => socket.IsClosed || socket.IsSending;

    /// <summary>So much fits into the buffer as it is, counted from what is there.</summary>
    public int Room => _buffer.Length - _start;

    public void Cut() => Dispose();

    public void Dispose() => socket.Dispose();

    public void Consume(int bytes)
    {
        _start += bytes;
        if (_start == _end)
            (_start, _end) = (0, 0);
    }

    /// <summary>Keeps only the first bytes of what was received: the rest has been taken elsewhere.</summary>
    public void Trim(int length) => _end = _start + length;

    /// <summary>Sends all of it.</summary>
    /// <exception cref="UpstreamException">The connection is broken.</exception>
    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes) => SendAsync(new ReadOnlySequence<byte>(bytes));

    /// <inheritdoc cref="SendAsync(ReadOnlyMemory{byte})"/>
    [AsyncMethodBuilder(typeof(PathMethodBuilder))]
    public async ValueTask SendAsync(ReadOnlySequence<byte> bytes)
    {
        try
        {
            await socket.SendAsync(bytes).ConfigureAwait(false);
        }
        catch (SocketException exception)
        {
            throw new UpstreamException("The upstream's connection broke while the request was sent.", exception);
        }
    }

    /// <summary>Sends the head of a request that has no body. Where that fails, receiving the answer does.</summary>
    public void SendHead() => socket.Send(Head.Written);

    /// <summary>The upstream may have that head.</summary>
    public bool HasSentHead => socket.HasSent;

    /// <summary>More of the answer, behind what is there. False when the upstream has ended its side.</summary>
    /// <param name="most">The buffer grows up to so many bytes.</param>
    /// <exception cref="UpstreamException">The connection is broken, or more than <paramref name="most"/> bytes wait to be used.</exception>
    [AsyncMethodBuilder(typeof(PathMethodBuilder<>))]
    public async ValueTask<bool> ReceiveAsync(int most)
    {
        MakeRoom(most);
        int count;
        do
            await socket.ReadableAsync().ConfigureAwait(false);
        while ((count = TryReceive(_buffer.AsSpan(_end))) < 0);
        _end += count;
        Heard |= count > 0;
        return count > 0;
    }

    /// <summary>Past the buffer, which must be empty. 0 when the upstream has ended its side.</summary>
    [AsyncMethodBuilder(typeof(PathMethodBuilder<>))]
    public async ValueTask<int> ReceiveIntoAsync(Memory<byte> target)
    {
        int count;
        do
            await socket.ReadableAsync().ConfigureAwait(false);
        while ((count = TryReceive(target.Span)) < 0);
        return count;
    }

    /// <summary>The same into a pipe, which must be empty; at most so many bytes.</summary>
    /// <inheritdoc cref="ReceiveIntoAsync(Memory{byte})"/>
    [AsyncMethodBuilder(typeof(PathMethodBuilder<>))]
    public async ValueTask<int> ReceiveIntoAsync(KernelPipe pipe, int most)
    {
        int count;
        do
            await socket.ReadableAsync().ConfigureAwait(false);
        while ((count = TryReceive(pipe, most)) < 0);
        return count;
    }

    /// <summary>Something has come on an idle connection: it must be looked at before it is used.</summary>
    public bool HasStirred => socket.IsReadable;

    /// <summary>True when an idle connection is still good: nothing has arrived on it, not even its end.</summary>
    public bool IsQuiet() => _start == _end && !socket.HasArrived();

    /// <summary>Ends the sending half: the upstream sees the end of a tunnel's client.</summary>
    public void EndSending() => socket.EndSending();

    /// <summary>Gives back what a large head made it take.</summary>
    public void Shrink()
    {
        if (_start == _end && _buffer.Length > SmallBuffer)
            _buffer = GC.AllocateUninitializedArray<byte>(SmallBuffer, pinned: true);
        Head.Shrink();
    }

    private int TryReceive(Span<byte> target)
    {
        try
        {
            return socket.TryReceive(target);
        }
        catch (SocketException exception)
        {
            throw new UpstreamException("The upstream's connection broke.", exception);
        }
    }

    private int TryReceive(KernelPipe pipe, int most)
    {
        try
        {
            return socket.TryReceive(pipe, most);
        }
        catch (SocketException exception)
        {
            throw new UpstreamException("The upstream's connection broke.", exception);
        }
    }

    private void MakeRoom(int most)
    {
        if (_end < _buffer.Length)
            return;
        var length = _end - _start;
        if (length >= most)
            throw new UpstreamException($"The upstream sent more than {most} bytes where that is the limit.");
        if (_start >= _buffer.Length / 2)
            _buffer.AsSpan(_start, length).CopyTo(_buffer);
        else
        {
            var larger = GC.AllocateUninitializedArray<byte>(Math.Min(_buffer.Length * 2, Math.Max(most, SmallBuffer)), pinned: true);
            _buffer.AsSpan(_start, length).CopyTo(larger);
            _buffer = larger;
        }
        (_start, _end) = (0, length);
    }
}

/// <summary>How far a call came before its upstream failed: whether another one may be asked.</summary>
internal enum UpstreamReach
{
    /// <summary>The upstream may have worked for it, or has begun to answer.</summary>
    Unknown,

    /// <summary>There was no connection, so nothing was sent.</summary>
    NotSent,

    /// <summary>Nothing was sent, because this node has no descriptor left: it would fare no better with another one.</summary>
    NotTried,

    /// <summary>It was sent, and the connection broke before anything came back; to send it twice has the effect of once.</summary>
    NotHeard,
}

/// <summary>The upstream could not be reached, its connection broke, or what it sent is not HTTP/1.1.</summary>
internal class UpstreamException : IOException
{
    public UpstreamException()
    {
    }

    public UpstreamException(string message)
        : base(message)
    {
    }

    public UpstreamException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    public static Malformed Malformed { get; } = static what => new UpstreamException($"The upstream sent {what}.");

    public static UpstreamException TooManyFields => new("The upstream's answer has too many header fields.");

    public UpstreamReach Reach { get; init; }
}
