using System.Buffers.Text;
using System.IO.Pipelines;
using Tollgate.Gateway.Sockets;

namespace Tollgate.Gateway.Server;

/// <summary>How the end of an answer's body is told (RFC 9112 6.3).</summary>
internal enum ResponseFraming
{
    None,
    Length,
    Chunks,
    Close,
}

/// <summary>The body of the answer at hand, framed as its head says. What is written stands in the connection's own buffer; nothing is copied.</summary>
/// <param name="output">The connection's.</param>
/// <param name="start">Writes the head, once.</param>
internal sealed class ResponseWriter(PipeWriter output, Action start) : PipeWriter
{
    // Four hexadecimal digits and a line end before each chunk, a line end behind it; more digits where more is asked for at once.
    private const int UsualDigits = 4;
    private const int MostDigits = 8;

    private Memory<byte> _chunk;
    private byte[]? _nowhere;
    private int _digits;
    private long _left;

    public ResponseFraming Framing { get; private set; }

    /// <summary>Less was written than was stated.</summary>
    public bool LacksBytes => Framing == ResponseFraming.Length && _left > 0;

    /// <summary>From here on it belongs to the next answer.</summary>
    public void Reset(ResponseFraming framing, long length) => (Framing, _left, _chunk) = (framing, length, default);

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        start();
        switch (Framing)
        {
            case ResponseFraming.None:
                return _nowhere is { } room && room.Length >= sizeHint ? room : _nowhere = new byte[Math.Max(sizeHint, 256)];
            case ResponseFraming.Chunks:
                _digits = sizeHint > 0xFFFF ? MostDigits : UsualDigits;
                _chunk = output.GetMemory(Math.Max(sizeHint, 1) + _digits + 4);
                var most = _chunk.Length - _digits - 4;
                return _chunk.Slice(_digits + 2, _digits == UsualDigits ? Math.Min(most, 0xFFFF) : most);
            default:
                return output.GetMemory(sizeHint);
        }
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes)
    {
        if (Framing == ResponseFraming.None)
            return;
        if (Framing == ResponseFraming.Chunks)
        {
            EndChunk(bytes);
            return;
        }
        if (Framing == ResponseFraming.Length)
            Take(bytes);
        output.Advance(bytes);
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        start();
        return output.FlushAsync(cancellationToken);
    }

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        start();
        if (Framing == ResponseFraming.Length)
        {
            Take(source.Length);
            return output.WriteAsync(source, cancellationToken);
        }
        if (!source.IsEmpty)
        {
            source.Span.CopyTo(GetSpan(source.Length));
            Advance(source.Length);
        }
        return FlushAsync(cancellationToken);
    }

    /// <summary>The body can go to the client through a pipe: it is sent as it is, on a connection without TLS.</summary>
    public bool CanPass()
    {
        start();
        return Framing == ResponseFraming.Length && output is SendWriter;
    }

    /// <summary>What stands in a pipe goes out, behind what is written: when this ends the pipe is empty, or the client gone.</summary>
    public ValueTask<FlushResult> PassAsync(KernelPipe pipe)
    {
        Take(pipe.Held);
        return ((SendWriter)output).PassAsync(pipe);
    }

    public override void CancelPendingFlush() => output.CancelPendingFlush();

    /// <summary>The server ends it, when the call has ended.</summary>
    public override void Complete(Exception? exception = null)
    {
    }

    private void Take(int bytes)
    {
        if ((_left -= bytes) < 0)
            throw new InvalidOperationException("More was written than the answer's length says.");
    }

    private void EndChunk(int bytes)
    {
        if (bytes == 0)
        {
            output.Advance(0);
            return;
        }
        var chunk = _chunk.Span;
        Utf8Formatter.TryFormat(bytes, chunk, out _, new System.Buffers.StandardFormat('X', (byte)_digits));
        "\r\n"u8.CopyTo(chunk[_digits..]);
        "\r\n"u8.CopyTo(chunk[(_digits + 2 + bytes)..]);
        output.Advance(_digits + bytes + 4);
        _chunk = default;
    }
}
