using System.Net;
using System.Text.Json;
using Tollgate.Foundation;
using Tollgate.Gateway.Routing;
using Tollgate.Gateway.Tests.Listener;
using Tollgate.Gateway.Upstreams;

namespace Tollgate.Gateway.Tests.Routing;

public sealed class RoutingTests
{
    [Theory]
    [InlineData("/v2/a%2Fb/c%20d//e?x=%41&y=a+b&&z", "")]
    [InlineData("/~u/(x)'!*/:@&=+$,", "")]
    [InlineData("/%c3%a9/%ZZ/[x]|{y}", "")]
    [InlineData("/", "")]
    [InlineData("/x", "/base/v1")]
    [InlineData("?only=query", "/base")]
    public async Task Call_AnyPath_ReachesTheUpstreamByteForByte(string rest, string basePath)
    {
        await using var rig = await GatewayRig.StartAsync(basePath: basePath);
        var answer = await rig.RawAsync($"GET /acme/weather{rest} HTTP/1.1\r\nHost: x\r\nx-api-key: {FakeAdmission.Key}\r\nConnection: close\r\n\r\n");

        answer.ShouldStartWith("HTTP/1.1 200 OK");
        rig.Upstream.Single.Target.ShouldBe(basePath + rest);
    }

    [Fact]
    public async Task Call_WithoutPathBelowTheApi_AsksForTheRoot()
    {
        await using var rig = await GatewayRig.StartAsync();
        (await rig.Client.SendAsync(GatewayRig.Call(""))).StatusCode.ShouldBe(HttpStatusCode.OK);
        rig.Upstream.Single.Target.ShouldBe("/");
    }

    [Theory]
    [InlineData("/acme/weather/../secret")]
    [InlineData("/acme/weather/%2e%2e/secret")]
    [InlineData("/acme/weather/a%2f..%2fb")]
    public async Task Call_DotSegment_Is400AndNeverForwarded(string target)
    {
        await using var rig = await GatewayRig.StartAsync();
        var answer = await rig.RawAsync($"GET {target} HTTP/1.1\r\nHost: x\r\nx-api-key: {FakeAdmission.Key}\r\nConnection: close\r\n\r\n");

        answer.ShouldStartWith("HTTP/1.1 400");
        answer.ShouldContain("PATH_INVALID");
        rig.Upstream.Received.ShouldBeEmpty();
        rig.Admission.Taken.ShouldBe(0);
    }

    // Kestrel refuses these itself, before there is a request to answer with a problem.
    [Theory]
    [InlineData("/acme/weather/%00")]
    [InlineData("/acme/weather/a\0b")]
    [InlineData("/acme/weather/caf\u00e9")]
    public async Task Call_NulOrBareByte_Is400AndNeverForwarded(string target)
    {
        await using var rig = await GatewayRig.StartAsync();
        (await rig.RawAsync($"GET {target} HTTP/1.1\r\nHost: x\r\nx-api-key: {FakeAdmission.Key}\r\nConnection: close\r\n\r\n")).ShouldStartWith("HTTP/1.1 400");
        rig.Upstream.Received.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("/acme/other/x")]
    [InlineData("/acme")]
    [InlineData("/ACME/weather/x")]
    [InlineData("/acme%2Fweather/x")]
    [InlineData("/")]
    public async Task Call_UnknownApi_Is404Problem(string path)
    {
        await using var rig = await GatewayRig.StartAsync();
        using var response = await rig.Client.GetAsync(path);

        response.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        using var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        problem.RootElement.GetProperty("code").GetString().ShouldBe("API_NOT_FOUND");
        problem.RootElement.GetProperty("request_id").GetString().ShouldBe(response.Headers.GetValues("X-Request-Id").Single());
    }

    [Fact]
    public async Task Call_OwnHostName_KeepsTheWholePath()
    {
        await using var rig = await GatewayRig.StartAsync();
        var answer = await rig.RawAsync($"GET /pets/1?a=b HTTP/1.1\r\nHost: Weather.example.com:8000\r\nx-api-key: {FakeAdmission.Key}\r\nConnection: close\r\n\r\n");

        answer.ShouldStartWith("HTTP/1.1 200");
        rig.Upstream.Single.Target.ShouldBe("/pets/1?a=b");
        (await rig.EventAsync()).OperationId.ShouldBe(GatewayRig.OperationId);
    }

    [Fact]
    public async Task Apply_ApiChangedAndRemoved_IsServedSo()
    {
        await using var rig = await GatewayRig.StartAsync();
        var routes = rig.Get<Routes>();
        await using var second = new RawUpstream();
        rig.Routes.Apis[0] = rig.Routes.Apis[0] with { Upstreams = UpstreamPlan.Of(second.Address), Version = 8 };
        await routes.ApplyAsync([new Change(1, "api", GatewayRig.ApiId)], CancellationToken.None);
        (await rig.Client.SendAsync(GatewayRig.Call("/x"))).StatusCode.ShouldBe(HttpStatusCode.OK);
        second.Received.Count.ShouldBe(1);
        rig.Upstream.Received.ShouldBeEmpty();

        rig.Routes.Apis.Clear();
        await routes.ApplyAsync([new Change(2, "api", GatewayRig.ApiId)], CancellationToken.None);
        (await rig.Client.SendAsync(GatewayRig.Call("/x"))).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Call_SlugThatTheOrganizationGaveUp_IsServedUnlessItIsAnothersToday()
    {
        await using var rig = await GatewayRig.StartAsync();
        var routes = rig.Get<Routes>();
        var renamed = rig.Routes.Apis[0] with { OrganizationSlug = "acme-labs", FormerSlugs = ["acme"], Version = 8 };
        rig.Routes.Apis[0] = renamed;
        await routes.ApplyAsync([new Change(1, "api", GatewayRig.ApiId)], CancellationToken.None);
        (await rig.RawAsync($"GET /acme/weather/old HTTP/1.1\r\nHost: x\r\nx-api-key: {FakeAdmission.Key}\r\nConnection: close\r\n\r\n")).ShouldStartWith("HTTP/1.1 200");
        (await rig.RawAsync($"GET /acme-labs/weather/new HTTP/1.1\r\nHost: x\r\nx-api-key: {FakeAdmission.Key}\r\nConnection: close\r\n\r\n")).ShouldStartWith("HTTP/1.1 200");
        rig.Upstream.Received.Select(call => call.Target).ShouldBe(["/old", "/new"]);

        await using var others = new RawUpstream();
        var other = Guid.CreateVersion7();
        rig.Routes.Apis.Add(renamed with { ApiId = other, OrganizationSlug = "acme", FormerSlugs = [], HostName = null, Upstreams = UpstreamPlan.Of(others.Address) });
        await routes.ApplyAsync([new Change(2, "api", other)], CancellationToken.None);
        routes.Table.TryFind("x", "/acme/weather/x", out var found, out _).ShouldBeTrue();
        found!.Route.ApiId.ShouldBe(other);
    }

    [Theory]
    [InlineData("CONNECT /acme/weather/x")]
    [InlineData("CONNECT acme.example.com:443")]
    [InlineData("TRACE /acme/weather/x")]
    [InlineData("TRACE /nowhere")]
    public async Task TunnelOrEcho_Is501_AndNotForwarded(string line)
    {
        await using var rig = await GatewayRig.StartAsync();
        var host = line.StartsWith("CONNECT acme", StringComparison.Ordinal) ? "acme.example.com:443" : "x";

        var answer = await rig.RawAsync($"{line} HTTP/1.1\r\nHost: {host}\r\nx-api-key: {FakeAdmission.Key}\r\n\r\n");

        answer.ShouldStartWith("HTTP/1.1 501 Not Implemented\r\n");
        answer.ShouldContain("\"code\":\"METHOD_NOT_IMPLEMENTED\"");
        answer.ShouldContain("Connection: close\r\n");
        rig.Upstream.Received.ShouldBeEmpty();
    }
}
