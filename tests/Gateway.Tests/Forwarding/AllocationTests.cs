using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Tollgate.Foundation;
using Tollgate.Gateway.Forwarding;
using Tollgate.Gateway.Forwarding.Http1;
using Tollgate.Gateway.Metrics;
using Tollgate.Gateway.Routing;
using Tollgate.Gateway.Tests.Listener;
using Tollgate.Gateway.Wire;
using Tollgate.Metering;
using Tollgate.TestKit;

namespace Tollgate.Gateway.Tests.Forwarding;

/// <summary>The gateway's own parts of a call. Admission and journal have such tests of their own; bench/path measures all together.</summary>
public sealed class AllocationTests : IAsyncLifetime
{
    private static readonly byte[] Answer = Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: text/plain\r\nContent-Length: 200\r\nConnection: keep-alive\r\n\r\n");

    private readonly DefaultHttpContext _http = new();
    private readonly Call _call = new(TimeProvider.System);
    private GatewayRig _rig = null!;
    private ServedApi _api = null!;

    public async ValueTask InitializeAsync()
    {
        _rig = await GatewayRig.StartAsync();
        _api = _rig.Get<Routes>().Table.Apis.Single();
        var request = _http.Request;
        (request.Method, request.Scheme, request.Protocol, request.Host) = ("GET", "http", "HTTP/1.1", new HostString("api.example.com"));
        request.Headers.Host = "api.example.com";
        request.Headers.Accept = "*/*";
        request.Headers.UserAgent = "test/1.0";
        request.Headers["x-api-key"] = FakeAdmission.Key;
        _http.Connection.RemoteIpAddress = IPAddress.Parse("192.0.2.7");
        Begin();
        _call.Decision = _rig.Admission.Admit(Encoding.ASCII.GetBytes(FakeAdmission.Key), _api.Route.ApiId, Amounts.Of(Meter.Requests));
    }

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public void Begin_AndWhoCalls()
    {
        var addresses = _rig.Get<ClientAddress>();
        ShouldAllocateNothing(() =>
        {
            Begin();
            _call.OriginBy(addresses);
        });
        addresses.Of(_http).ShouldBe(_http.Connection.RemoteIpAddress);
    }

    [Fact]
    public void Target_ApiAndOperation()
    {
        var table = _rig.Get<Routes>().Table;
        var found = Guid.Empty;
        ShouldAllocateNothing(() => found = RequestTarget.TryParse("/acme/weather/pets/7?page=2", out var target)
            && table.TryFind("api.example.com:8000", target.Path, out var api, out var consumed) ? api.Operations.Match("GET", target.Path[consumed..]) : Guid.Empty);
        found.ShouldBe(GatewayRig.OperationId);
    }

    [Fact]
    public void HeadOfTheAnswer()
    {
        var fields = new FieldList(256);
        ShouldAllocateNothing(() => AnswerHead.Parse(Answer.AsSpan(0, AnswerHead.Find(Answer)), isHead: false, fields));
        fields.Count.ShouldBe(4);
    }

    [Fact]
    public void UsageEvent() => ShouldAllocateNothing(() => _call.ToEvent(200, UsageOutcome.Served, RefusalReason.None, billable: true));

    [Fact]
    public void Metrics()
    {
        var metrics = _rig.Get<GatewayMetrics>();
        ShouldAllocateNothing(() =>
        {
            var figures = metrics.Of(_api);
            figures.Ended(200, 180);
            figures.Moved(0, 200);
        });
    }

    private void Begin()
    {
        var decision = _call.Decision;
        _call.Begin(_http);
        _call.Decision = decision;
        _call.Address(_api.Route.ApiId, _api.Name, 1, _api.Route.ProviderOrganizationId, _http.Connection.RemoteIpAddress, "/pets/7?page=2".AsMemory());
    }

    private static void ShouldAllocateNothing(Action part) => Allocations.WhenCompiled(part).ShouldBe(0);
}
