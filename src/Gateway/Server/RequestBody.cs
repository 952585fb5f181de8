using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Tollgate.Gateway.Wire;

namespace Tollgate.Gateway.Server;

/// <summary>
/// The body of the request at hand, out of what its connection receives: as long as was stated, or in chunks with trailers after them. What comes behind it is left
/// for the next request.
/// </summary>
/// <param name="input">The connection's.</param>
/// <param name="begin">Called before the first byte is waited for: a client may be waiting for leave to send it.</param>
internal sealed class RequestBody(PipeReader input, Func<ValueTask> begin) : PipeReader
{
    private static readonly Malformed Malformed = static what => new BadHttpRequestException($"The request has {what}.");
    private static readonly PipeOptions Unbounded = new(readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, pauseWriterThreshold: 0, useSynchronizationContext: false);

    private RequestFraming _framing;
    private long _left;
    private bool _begun;
    private bool _ended;
    private bool _lent;
    private ReadOnlySequence<byte> _read;
    private ChunkReader _chunks;
    private Pipe? _data;
    private HeaderList? _trailers;
    private BadHttpRequestException? _failure;

    /// <summary>All of it has been received.</summary>
    public bool HasEnded => _ended;

    /// <summary>It is not well formed, or broke off: nobody can tell where it ends, so nothing behind it is looked at.</summary>
    public bool HasFailed => _failure is not null;

    public bool HasBegun => _begun;

    /// <summary>Once it <see cref="HasEnded"/>.</summary>
    public IHeaderDictionary Trailers => _trailers ??= new HeaderList();

    /// <summary>Makes it the next request's.</summary>
    public void Reset(in RequestFraming framing)
    {
        _framing = framing;
        (_left, _ended, _begun, _lent, _read) = (framing.Length, !framing.HasBody, !framing.Expects, false, default);
        _trailers?.Clear();
        _failure = null;
        if (!framing.Chunked)
            return;
        _chunks = new ChunkReader(Malformed);
        if (_data is null)
        {
            _data = new Pipe(Unbounded);
            return;
        }
        _data.Writer.Complete();
        _data.Reader.Complete();
        _data.Reset();
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (!_framing.HasBody)
            return new ValueTask<ReadResult>(new ReadResult(default, isCanceled: false, isCompleted: true));
        return _framing.Chunked ? ReadChunkedAsync(cancellationToken) : ReadLengthAsync(cancellationToken);
    }

    public override bool TryRead(out ReadResult result)
    {
        if (_framing.HasBody && !_framing.Chunked && _begun && !_ended && input.TryRead(out var read))
        {
            result = Limit(read);
            return true;
        }
        result = new ReadResult(default, isCanceled: false, isCompleted: _ended);
        return _ended && !_framing.Chunked ? true : _framing.Chunked && _data!.Reader.TryRead(out result) && (_lent = true);
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (!_lent)
            return;
        _lent = false;
        if (_framing.Chunked)
        {
            _data!.Reader.AdvanceTo(consumed, examined);
            return;
        }
        _left -= _read.Slice(0, consumed).Length;
        _read = default;
        _ended = _left == 0;
        input.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => input.CancelPendingRead();

    public override void Complete(Exception? exception = null)
    {
        if (_lent && !_framing.Chunked)
            AdvanceTo(_read.Start);
    }

    private async ValueTask<ReadResult> ReadLengthAsync(CancellationToken cancellation)
    {
        if (_failure is not null)
            throw _failure;
        if (_ended)
            return new ReadResult(default, isCanceled: false, isCompleted: true);
        await BeginAsync().ConfigureAwait(false);
        return Limit(await input.ReadAsync(cancellation).ConfigureAwait(false));
    }

    private ReadResult Limit(in ReadResult read)
    {
        _lent = true;
        _read = read.Buffer.Length > _left ? read.Buffer.Slice(0, _left) : read.Buffer;
        if (!read.IsCompleted || _read.Length == _left)
            return new ReadResult(_read, read.IsCanceled, isCompleted: _read.Length == _left);
        AdvanceTo(_read.End);
        throw _failure = new BadHttpRequestException("The request's body ended before the length that was stated.");
    }

    private async ValueTask<ReadResult> ReadChunkedAsync(CancellationToken cancellation)
    {
        await BeginAsync().ConfigureAwait(false);
        while (true)
        {
            if (_failure is not null)
                throw _failure;
            if (_data!.Reader.TryRead(out var ready))
            {
                _lent = true;
                return ready;
            }
            var read = await input.ReadAsync(cancellation).ConfigureAwait(false);
            if (read.IsCanceled)
            {
                input.AdvanceTo(read.Buffer.Start);
                return new ReadResult(default, isCanceled: true, isCompleted: false);
            }
            await DecodeAsync(read).ConfigureAwait(false);
        }
    }

    private async ValueTask DecodeAsync(ReadResult read)
    {
        var consumed = read.Buffer.Start;
        var examined = read.Buffer.End;
        try
        {
            var all = read.Buffer.IsSingleSegment ? read.Buffer.First : read.Buffer.ToArray();
            var used = Decode(all.Span);
            consumed = read.Buffer.GetPosition(used);
            if (_ended)
                examined = consumed;
        }
        catch (BadHttpRequestException exception)
        {
            _failure = exception;
            throw;
        }
        finally
        {
            input.AdvanceTo(consumed, examined);
        }
        if (_ended)
            await _data!.Writer.CompleteAsync().ConfigureAwait(false);
        else if (read.IsCompleted)
            throw _failure = new BadHttpRequestException("The request's body ended before its last chunk.");
        else
            await _data!.Writer.FlushAsync().ConfigureAwait(false);
    }

    private int Decode(ReadOnlySpan<byte> received)
    {
        var all = 0;
        while (!_chunks.AtTrailers)
        {
            var data = _chunks.Next(received[all..], out var used);
            all += used;
            if (data.IsEmpty && !_chunks.AtTrailers)
                return all;
            _data!.Writer.Write(data);
        }
        return all + DecodeTrailers(received[all..]);
    }

    private int DecodeTrailers(ReadOnlySpan<byte> received)
    {
        var length = received.StartsWith("\r\n"u8) ? 2 : received.IndexOf("\r\n\r\n"u8) is >= 0 and var end ? end + 4 : 0;
        if (length == 0)
            return received.Length > RequestParser.MostFieldBytes ? throw Malformed("trailers without an end") : 0;
        if (length == 2)
        {
            _ended = true;
            return length;
        }
        var fields = new FieldList(most: 64);
        if (!FieldParser.TryParse(received, 0, fields, Malformed))
            throw Malformed("too many trailers");
        foreach (ref readonly var field in fields.All)
            ((HeaderList)Trailers).Append(System.Text.Encoding.Latin1.GetString(field.Name(received)), System.Text.Encoding.Latin1.GetString(field.Value(received)));
        _ended = true;
        return length;
    }

    private ValueTask BeginAsync()
    {
        if (_begun)
            return default;
        _begun = true;
        return begin();
    }
}
