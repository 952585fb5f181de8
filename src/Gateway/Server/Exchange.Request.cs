using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tollgate.Foundation;

namespace Tollgate.Gateway.Server;

internal sealed partial class Exchange : IHttpRequestFeature, IRequestBodyPipeFeature, IHttpRequestBodyDetectionFeature, IHttpRequestTrailersFeature, IHttpRequestIdentifierFeature,
    IHttpRequestLifetimeFeature, IHttpConnectionFeature
{
    private readonly RequestBody _body;
    private readonly Stream _requestStream;
    private readonly HeaderList _requestHeaders = new();
    private RequestLine _line;
    private string? _path;
    private string? _trace;
    private CancellationToken? _aborted;

    public string Protocol { get; set; } = HttpProtocol.Http11;

    public string Scheme { get; set; }

    public string Method { get; set; } = "";

    public string PathBase { get; set; } = "";

    /// <summary>Decoded, for people to read: the path decides by <see cref="RawTarget"/>.</summary>
    public string Path
    {
        get => _path ??= Uri.UnescapeDataString(Split().Path);
        set => _path = value;
    }

    public string QueryString
    {
        get => Split().Query;
        set => throw new NotSupportedException("The request's target is as it came.");
    }

    public string RawTarget { get; set; } = "";

    /// <summary>Filled while the request's head is read.</summary>
    public HeaderList RequestHeaders => _requestHeaders;

    IHeaderDictionary IHttpRequestFeature.Headers
    {
        get => _requestHeaders;
        set => throw new NotSupportedException("The request's fields are as they came.");
    }

    Stream IHttpRequestFeature.Body { get; set; } = Stream.Null;

    PipeReader IRequestBodyPipeFeature.Reader => _body;

    public bool CanHaveBody => _line.Framing.HasBody;

    public bool Available => _body.HasEnded;

    public IHeaderDictionary Trailers => _body.Trailers;

    /// <summary>Its text is made where somebody asks for it.</summary>
    public Guid RequestId { get; set; }

    public string TraceIdentifier
    {
        get => _trace ??= TypeId.Format("req", RequestId);
        set => _trace = value;
    }

    public CancellationToken RequestAborted
    {
        get => _aborted ?? _connection.ConnectionClosed;
        set => _aborted = value;
    }

    public string ConnectionId
    {
        get => _connection.ConnectionId;
        set => throw new NotSupportedException();
    }

    public IPAddress? RemoteIpAddress { get; set; }

    public IPAddress? LocalIpAddress { get; set; }

    public int RemotePort { get; set; }

    public int LocalPort { get; set; }

    public void Abort()
    {
        (KeepsAlive, _cut) = (false, true);
        _connection.Abort(new ConnectionAbortedException("The call was cut."));
    }

    private void BeginRequest(in RequestLine line)
    {
        _line = line;
        (Method, RawTarget, _path, _aborted, _trace) = (line.Method, line.Target, null, null, null);
        Protocol = line.Minor == 1 ? HttpProtocol.Http11 : HttpProtocol.Http10;
        ((IHttpRequestFeature)this).Body = _requestStream;
        _body.Reset(line.Framing);
        KeepsAlive = line.Framing.KeepsAlive;
    }

    private (string Path, string Query) Split()
    {
        var scheme = RawTarget.IndexOf("://", StringComparison.Ordinal);
        var start = RawTarget.StartsWith('/') ? 0 : scheme < 0 ? -1 : RawTarget.IndexOf('/', scheme + 3);
        if (start < 0)
            return ("", "");
        var query = RawTarget.IndexOf('?', start);
        return query < 0 ? (RawTarget[start..], "") : (RawTarget[start..query], RawTarget[query..]);
    }
}
