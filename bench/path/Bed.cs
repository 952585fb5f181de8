using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Tollgate.Admission;
using Tollgate.Foundation;
using Tollgate.Gateway.Answers;
using Tollgate.Gateway.Apis;
using Tollgate.Gateway.Forwarding;
using Tollgate.Gateway.Forwarding.Http1;
using Tollgate.Gateway.Listener;
using Tollgate.Gateway.Metrics;
using Tollgate.Gateway.Routing;
using Tollgate.Gateway.Server;
using Tollgate.Gateway.Upstreams;
using Tollgate.Gateway.Wire;
using Tollgate.Metering;
using Tollgate.Metering.Journal;

namespace Tollgate.path;

/// <summary>The data plane's own parts as the program puts them together, with a real journal and a real node in memory, and one request that comes again and again.</summary>
internal sealed class Bed : IDisposable
{
    private const int Apis = 1000;
    private const int SegmentBytes = 256 * 1024 * 1024;
    private static readonly byte[] Answer = Encoding.ASCII.GetBytes(
        "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Sat, 21 Nov 2026 12:00:00 GMT\r\nContent-Type: text/plain\r\nContent-Length: 200\r\nConnection: keep-alive\r\n\r\n");

    private static readonly MeterAmounts OneRequest = Amounts.Of(Meter.Requests);

    private readonly string _folder = Path.Combine(Path.GetTempPath(), "tollgate-bench-" + Path.GetRandomFileName());
    private readonly Keys _keys = new();
    private readonly UsageJournal _journal;
    private readonly ServiceProvider _services;
    private readonly DefaultHttpContext _http = new();
    private readonly Call _call = new(TimeProvider.System);
    private readonly HeadBuffer _head = new();
    private readonly FieldList _fields = new(256);
    private readonly Routes _routes;
    private readonly Turnstile _turnstile;
    private readonly CallJournal _record;
    private readonly RequestHead _requests;
    private readonly RateLimitHeaders _limits;
    private readonly GatewayMetrics _metrics;
    private readonly string _target;
    private ServedApi _api = null!;
    private int _number;

    public Bed()
    {
        _journal = new UsageJournal(_folder, new JournalOptions { SegmentBytes = SegmentBytes }, TimeProvider.System, NullLogger.Instance);
        _services = Services();
        _routes = _services.GetRequiredService<Routes>();
        _turnstile = _services.GetRequiredService<Turnstile>();
        _record = _services.GetRequiredService<CallJournal>();
        _requests = _services.GetRequiredService<RequestHead>();
        _limits = _services.GetRequiredService<RateLimitHeaders>();
        _metrics = _services.GetRequiredService<GatewayMetrics>();
        _routes.LoadAsync(CancellationToken.None).GetAwaiter().GetResult();
        _target = $"/acme/{ApiRoutes.Slug(Apis / 2)}/items/4711?page=2";
        Request();
        // Each part finds the call as those before it leave it.
        Begin();
        Find();
        Decide();
    }

    public int Begin()
    {
        _call.Begin(_http);
        _call.Figures = _metrics.None;
        return _call.RequestId.Version;
    }

    public int Find()
    {
        if (!RequestTarget.TryParse(_target, out var target) || !_routes.Table.TryFind(_http.Request.Host.Value, target.Path, out var api, out var consumed))
            throw new InvalidOperationException("No API.");
        _api = api;
        _call.Address(api.Route.ApiId, api.Name, api.Route.Version, api.Route.ProviderOrganizationId, _http.Connection.RemoteIpAddress, _target.AsMemory(consumed));
        _call.OperationId = api.Operations.Match(_http.Request.Method, _call.Path);
        return consumed;
    }

    public int Decide()
    {
        // The server has a string of its own for each key.
        _http.Request.Headers["x-api-key"] = _keys.Next(ref _number);
        if (!_turnstile.EnterAsync(_call, OneRequest).AsTask().GetAwaiter().GetResult())
            throw new InvalidOperationException($"Refused: {_call.Decision.Verdict}.");
        _turnstile.Leave(_call);
        return _call.Decision.LimitCount;
    }

    public int WriteHead()
    {
        _requests.Write(_head, "10.0.0.1:8080", _call, _api, "", UploadPlan.Of(_http));
        return _head.Length;
    }

    public int ReadHead() => AnswerHead.Parse(Answer.AsSpan(0, AnswerHead.Find(Answer)), isHead: false, _fields).Status;

    public int Append()
    {
        _call.Journal.Reset();
        _record.AppendAsync(_call, 200, UsageOutcome.Served, RefusalReason.None, billable: true).AsTask().GetAwaiter().GetResult();
        return (int)_journal.Tail;
    }

    public int WriteLimits()
    {
        var headers = _http.Response.Headers;
        headers.Clear();
        _limits.Write(headers, _call.Decision);
        return headers.Count;
    }

    public int Count()
    {
        var figures = _metrics.Of(_api);
        figures.Ended(200, _call.ElapsedMicros);
        figures.Moved(0, 200);
        return 1;
    }

    public void Dispose()
    {
        _services.Dispose();
        _journal.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private ServiceProvider Services()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("Gateway:Url", "http://127.0.0.1:0"), new(UpstreamAddressPolicy.Setting, "true")]).Build();
        return new ServiceCollection().AddLogging(logging => logging.ClearProviders()).AddSingleton<IConfiguration>(configuration).AddSingleton(TimeProvider.System)
            .AddSingleton<IAdmission>(_keys.Admission).AddSingleton<IUsageJournal>(_journal).AddSingleton<IRouteSource>(new ApiRoutes(Apis, Apis / 2, _keys.Product))
            .AddSingleton<IDatabase>(new ApiRoutes.NoDatabase()).AddSingleton<ClientAddress>().AddSingleton<UpstreamAddressPolicy>().AddDataPlane(configuration).BuildServiceProvider();
    }

    private void Request()
    {
        // Fields as the server keeps them.
        _http.Features.Get<IHttpRequestFeature>()!.Headers = new HeaderList();
        var request = _http.Request;
        (request.Method, request.Scheme, request.Protocol, request.Host) = ("GET", "http", "HTTP/1.1", new HostString("api.example.com"));
        request.Headers.Host = "api.example.com";
        request.Headers.Accept = "*/*";
        request.Headers.UserAgent = "bench/1.0";
        _http.Connection.RemoteIpAddress = IPAddress.Parse("192.0.2.7");
    }
}
