using System.Text.Json;
using Tollgate.Foundation;
using Tollgate.Gateway.Tests.Apis;

namespace Tollgate.Gateway.Tests.Listener;

/// <summary>What the server itself refuses is a problem too, on both ports.</summary>
public sealed class ServerRefusalTests(ControlServer control) : IClassFixture<ControlServer>
{
    public static TheoryData<string, int, string> Refused => new()
    {
        { "GET /a%00b HTTP/1.1\r\nHost: x\r\n\r\n", 400, "BAD_REQUEST" },
        { $"GET /{new string('a', 20_000)} HTTP/1.1\r\nHost: x\r\n\r\n", 414, "URI_TOO_LONG" },
        { $"GET /a HTTP/1.1\r\nHost: x\r\nX-Long: {new string('a', 33_000)}\r\n\r\n", 431, "HEADERS_TOO_LARGE" },
        { $"GET /a HTTP/1.1\r\nHost: x\r\n{string.Concat(Enumerable.Range(0, 101).Select(n => $"X-{n}: y\r\n"))}\r\n", 431, "HEADERS_TOO_LARGE" },
        { "GET /a HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "BAD_REQUEST" },
        { "GET /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "BAD_REQUEST" },
        { "GET /a HTTP/1.1\r\n\r\n", 400, "BAD_REQUEST" },
        { "GET http://one/a HTTP/1.1\r\nHost: two\r\n\r\n", 400, "BAD_REQUEST" },
        { "GET/a HTTP/1.1\r\nHost: x\r\n\r\n", 400, "BAD_REQUEST" },
        { "G@T /a HTTP/1.1\r\nHost: x\r\n\r\n", 400, "BAD_REQUEST" },
        { "GET /a HTTP/3.7\r\nHost: x\r\n\r\n", 505, "HTTP_VERSION_NOT_SUPPORTED" },
        { "GET * HTTP/1.1\r\nHost: x\r\n\r\n", 405, "METHOD_NOT_ALLOWED" },
        { "GET /a HTTP/1.1\r\nHost: x\r\nX Y: z\r\n\r\n", 400, "BAD_REQUEST" },
        { "GET /a HTTP/1.1\r\nHost: x\r\nX-Nul: a\0b\r\n\r\n", 400, "BAD_REQUEST" },
        { "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400, "BAD_REQUEST" },
        { "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 400, "BAD_REQUEST" },
        { "\u0016\u0003\u0001\0\0\r\n\r\n", 400, "BAD_REQUEST" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task OnTheControlPort_IsAProblem(string request, int status, string code) =>
        IsProblem(await RawClient.ExchangeAsync(control.Server.Address, request), status, code);

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task OnTheGateway_IsAProblem(string request, int status, string code)
    {
        await using var rig = await GatewayRig.StartAsync();
        IsProblem(await rig.RawAsync(request), status, code);
        rig.Upstream.Received.ShouldBeEmpty();
    }

    [Fact]
    public async Task HeaderThatIsNoText_OnTheControlPort_IsAProblem() =>
        IsProblem(await RawClient.ExchangeAsync(control.Server.Address, "GET /api/apis HTTP/1.1\r\nHost: x\r\nX-Name: caf\u00e9\r\n\r\n"), 400, "BAD_REQUEST");

    [Theory]
    [InlineData("ZZ\r\nabcd\r\n0\r\n\r\n")]
    [InlineData("4\r\nabcdX0\r\n\r\n")]
    [InlineData("-4\r\nabcd\r\n0\r\n\r\n")]
    public async Task BrokenChunks_AreAProblem(string body)
    {
        var headers = "Host: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n";
        IsProblem(await RawClient.ExchangeAsync(control.Server.Address, $"POST /auth/login HTTP/1.1\r\n{headers}\r\n{body}"), 400, "BAD_REQUEST", says: "");
        await using var rig = await GatewayRig.StartAsync();
        IsProblem(await rig.RawAsync($"POST /acme/weather/x HTTP/1.1\r\n{headers}x-api-key: {FakeAdmission.Key}\r\n\r\n{body}"), 400, "BODY_INVALID", says: "");
    }

    [Fact]
    public async Task AfterAGoodRequest_OnTheSameConnection_IsAProblemOfItsOwn()
    {
        await using var rig = await GatewayRig.StartAsync();
        var answers = await rig.RawAsync($"GET /acme/weather/a HTTP/1.1\r\nHost: x\r\nx-api-key: {FakeAdmission.Key}\r\n\r\nGET /a%00b HTTP/1.1\r\nHost: x\r\n\r\n");

        answers.ShouldStartWith("HTTP/1.1 200 OK\r\n");
        IsProblem(answers[answers.LastIndexOf("HTTP/1.1 ", StringComparison.Ordinal)..], 400, "BAD_REQUEST");
    }

    [Fact]
    public async Task Head_GetsNoBody()
    {
        var answer = await RawClient.ExchangeAsync(control.Server.Address, "HEAD /a HTTP/1.1\r\nHost: a b\r\n\r\n");

        answer.ShouldStartWith("HTTP/1.1 400 ");
        answer.ShouldContain("Content-Type: application/problem+json\r\n");
        answer.ShouldEndWith("\r\n\r\n");
    }

    private static void IsProblem(string answer, int status, string code, string says = "Connection: close\r\n")
    {
        var end = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        end.ShouldBeGreaterThan(0, answer);
        var (head, body) = (answer[..(end + 2)], answer[(end + 4)..]);
        head.ShouldStartWith($"HTTP/1.1 {status} ");
        head.ShouldContain("Content-Type: application/problem+json\r\n");
        head.ShouldContain($"Content-Length: {body.Length}\r\n", Case.Sensitive, answer);
        head.ShouldContain(says);
        var problem = JsonDocument.Parse(body).RootElement;
        (problem.GetProperty("status").GetInt32(), problem.GetProperty("code").GetString()).ShouldBe((status, code));
        problem.GetProperty("type").GetString().ShouldBe(Problems.TypeOf(code));
        var id = problem.GetProperty("request_id").GetString();
        id.ShouldNotBeNull().ShouldStartWith("req_");
        head.ShouldContain($"X-Request-Id: {id}\r\n");
    }
}
