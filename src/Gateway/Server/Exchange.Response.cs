using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tollgate.Gateway.Sockets;
using Tollgate.Gateway.Wire;

namespace Tollgate.Gateway.Server;

internal sealed partial class Exchange : IHttpResponseFeature, IHttpResponseBodyFeature, IHttpResponseTrailersFeature, IHttpUpgradeFeature
{
    private readonly ResponseWriter _writer;
    private readonly Stream _responseStream;
    private readonly HeaderList _responseHeaders = new();
    private HeaderList? _responseTrailers;
    private int _status;
    private bool _written;
    private bool _dated;
    private bool _upgraded;
    private volatile bool _cut;
    private long? _length;

    public int StatusCode
    {
        get => _status;
        set
        {
            _status = value;
            // Whatever was written is of another answer.
            _written = false;
        }
    }

    public string? ReasonPhrase { get; set; }

    IHeaderDictionary IHttpResponseFeature.Headers
    {
        get => _responseHeaders;
        set => throw new NotSupportedException();
    }

    IHeaderDictionary IHttpResponseTrailersFeature.Trailers
    {
        get => _responseTrailers ??= new HeaderList();
        set => throw new NotSupportedException();
    }

    Stream IHttpResponseFeature.Body
    {
        get => _responseStream;
        set => throw new NotSupportedException();
    }

    public bool HasStarted { get; private set; }

    Stream IHttpResponseBodyFeature.Stream => _responseStream;

    PipeWriter IHttpResponseBodyFeature.Writer => _writer;

    public bool IsUpgradableRequest => _line.Framing.AsksToUpgrade;

    /// <summary>An answer whose fields are written as bytes; <see cref="EndHead"/> follows.</summary>
    public HeadBuffer BeginHead(int status)
    {
        _status = status;
        _head.Clear();
        ResponseHead.AddStatus(_head, status);
        return _head;
    }

    /// <param name="length">Of the body, or what that of a GET would be; null where it is not known.</param>
    /// <param name="dated">It has a date.</param>
    public void EndHead(long? length, bool dated) => (_written, _length, _dated) = (true, length, dated);

    /// <summary>The call has ended: what its answer lacks is sent. False when the connection cannot serve another.</summary>
    [AsyncMethodBuilder(typeof(PathMethodBuilder<>))]
    public async ValueTask<bool> EndAsync()
    {
        // What was cut must not look whole.
        if (_cut)
            return false;
        if (!HasStarted && !_written)
            _responseHeaders.ContentLength ??= 0;
        Start();
        if (_writer.LacksBytes)
        {
            Abort();
            return false;
        }
        if (_writer.Framing == ResponseFraming.Chunks)
            WriteLastChunk();
        await _output.FlushAsync().ConfigureAwait(false);
        return KeepsAlive && !_upgraded && !_body.HasFailed && !_connection.ConnectionClosed.IsCancellationRequested;
    }

    public Task StartAsync(CancellationToken cancellationToken = default)
    {
        Start();
        var flushed = _output.FlushAsync(cancellationToken);
        return flushed.IsCompletedSuccessfully ? Task.CompletedTask : flushed.AsTask();
    }

    /// <summary>The server completes an answer when its call has ended.</summary>
    public Task CompleteAsync() => Task.CompletedTask;

    public void DisableBuffering()
    {
    }

    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public void OnStarting(Func<object, Task> callback, object state) => throw new NotSupportedException();

    public void OnCompleted(Func<object, Task> callback, object state) => throw new NotSupportedException();

    public async Task<Stream> UpgradeAsync()
    {
        if (!IsUpgradableRequest || HasStarted)
            throw new InvalidOperationException("The connection cannot be upgraded.");
        _upgraded = true;
        if (_connection.Features.Get<LoopConnection>() is { } connection)
            connection.MayHalfClose = true;
        StatusCode = StatusCodes.Status101SwitchingProtocols;
        _responseHeaders["Connection"] = "Upgrade";
        await StartAsync().ConfigureAwait(false);
        return new UpgradedStream(_connection.Transport.Input.AsStream(leaveOpen: true), _output.AsStream(leaveOpen: true));
    }

    private void BeginResponse(in RequestFraming framing)
    {
        (_status, _written, _dated, _upgraded, _cut, _length, HasStarted) = (StatusCodes.Status200OK, false, false, false, false, null, false);
        _responseHeaders.Clear();
        _responseTrailers?.Clear();
        _writer.Reset(ResponseFraming.None, 0);
    }

    private void Start()
    {
        if (HasStarted)
            return;
        // The body may be begun by another thread, and leave to send it be written there.
        lock (_head)
            StartHead();
    }

    private void StartHead()
    {
        HasStarted = true;
        if (!_written)
            WriteFields();
        // A client that waits for leave to send its body never sent it, or will: nobody can tell which of it is the next request.
        if (Stopping || _body.HasFailed || (_line.Framing.Expects && !_body.HasBegun && _line.Framing.HasBody))
            KeepsAlive = false;
        var framing = WriteFraming();
        if (!_dated)
            ResponseHead.AddDate(_head, _clock.GetUtcNow());
        _head.EndLine();
        _writer.Reset(framing, _length ?? 0);
        _head.Written.Span.CopyTo(_output.GetSpan(_head.Length));
        _output.Advance(_head.Length);
        _head.Shrink();
    }

    private void WriteFields()
    {
        _head.Clear();
        ResponseHead.AddStatus(_head, _status);
        _length = _responseHeaders.ContentLength;
        _dated = _responseHeaders.ContainsKey("Date");
        if (_responseHeaders["Connection"] is { Count: > 0 } connection && connection.ToString().Contains("close", StringComparison.OrdinalIgnoreCase))
            KeepsAlive = false;
        ResponseHead.AddFields(_head, _responseHeaders, _upgraded);
    }

    private ResponseFraming WriteFraming()
    {
        if (_upgraded)
            return ResponseFraming.None;
        var none = HttpMethods.IsHead(Method) || _status is >= 100 and < 200 or StatusCodes.Status204NoContent or StatusCodes.Status304NotModified;
        var framing = none ? ResponseFraming.None : _length is not null ? ResponseFraming.Length : _line.Minor == 1 ? ResponseFraming.Chunks : ResponseFraming.Close;
        if (framing == ResponseFraming.Close)
            KeepsAlive = false;
        if (framing == ResponseFraming.Chunks)
            _head.Add("Transfer-Encoding: chunked\r\n"u8);
        else if (_length is { } length && (!none || HttpMethods.IsHead(Method) || _status == StatusCodes.Status304NotModified))
        {
            _head.Add("Content-Length: "u8);
            _head.Number(length);
            _head.EndLine();
        }
        if (!KeepsAlive)
            _head.Add("Connection: close\r\n"u8);
        else if (_line.Minor == 0)
            _head.Add("Connection: keep-alive\r\n"u8);
        return framing;
    }

    private void WriteLastChunk()
    {
        _head.Clear();
        _head.Add("0\r\n"u8);
        if (_responseTrailers is { Count: > 0 } trailers)
            ResponseHead.AddFields(_head, trailers, upgrades: false);
        _head.EndLine();
        _head.Written.Span.CopyTo(_output.GetSpan(_head.Length));
        _output.Advance(_head.Length);
    }

    private async ValueTask ContinueAsync()
    {
        lock (_head)
        {
            if (HasStarted)
                return;
            "HTTP/1.1 100 Continue\r\n\r\n"u8.CopyTo(_output.GetSpan(32));
            _output.Advance("HTTP/1.1 100 Continue\r\n\r\n"u8.Length);
        }
        await _output.FlushAsync().ConfigureAwait(false);
    }
}
