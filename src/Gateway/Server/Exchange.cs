using System.Collections;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tollgate.Gateway.Wire;

namespace Tollgate.Gateway.Server;

/// <summary>
/// One request and its answer, as the features that code written for ASP.NET Core looks for. One object serves the requests of a connection one after the other.
/// The answer's head can also be written as bytes (<see cref="BeginHead"/>): the path does so.
/// </summary>
internal sealed partial class Exchange : IFeatureCollection
{
    private readonly ConnectionContext _connection;
    private readonly TimeProvider _clock;
    private readonly PipeWriter _output;
    private readonly HeadBuffer _head = new();
    private Dictionary<Type, object>? _replaced;

    public Exchange(ConnectionContext connection, TimeProvider clock)
    {
        (_connection, _clock, _output) = (connection, clock, connection.Transport.Output);
        _body = new RequestBody(connection.Transport.Input, ContinueAsync);
        _writer = new ResponseWriter(_output, Start);
        (_requestStream, _responseStream) = (_body.AsStream(leaveOpen: true), _writer.AsStream(leaveOpen: true));
        (RemoteIpAddress, RemotePort) = connection.RemoteEndPoint is System.Net.IPEndPoint remote ? (remote.Address, remote.Port) : (null, 0);
        (LocalIpAddress, LocalPort) = connection.LocalEndPoint is System.Net.IPEndPoint local ? (local.Address, local.Port) : (null, 0);
        Scheme = connection.Features.Get<Microsoft.AspNetCore.Connections.Features.ITlsHandshakeFeature>() is null ? "http" : "https";
    }

    /// <summary>What the client allows, and what was said to it: when false, the connection ends with this exchange.</summary>
    public bool KeepsAlive { get; private set; }

    /// <summary>No other request will be taken.</summary>
    public bool Stopping { get; set; }

    public RequestBody Received => _body;

    public bool IsReadOnly => false;

    public int Revision { get; private set; }

    public object? this[Type key]
    {
        get => _replaced is not null && _replaced.TryGetValue(key, out var other) ? other : key.IsInstanceOfType(this) ? this : _connection.Features[key];
        set => Replace(key, value);
    }

    /// <summary>Makes it the next request's.</summary>
    public void Begin(in RequestLine line)
    {
        BeginRequest(line);
        BeginResponse(line.Framing);
        if (_replaced is not { Count: > 0 })
            return;
        _replaced.Clear();
        Revision++;
    }

    public TFeature? Get<TFeature>() => _replaced is { Count: > 0 } ? (TFeature?)this[typeof(TFeature)] : this is TFeature own ? own : _connection.Features.Get<TFeature>();

    public void Set<TFeature>(TFeature? instance) => Replace(typeof(TFeature), instance);

    public IEnumerator<KeyValuePair<Type, object>> GetEnumerator() => (_replaced ?? []).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private void Replace(Type key, object? value)
    {
        _replaced ??= [];
        if (value is null || ReferenceEquals(value, this))
            _replaced.Remove(key);
        else
            _replaced[key] = value;
        Revision++;
    }
}
