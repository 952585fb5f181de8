using System.Net;
using System.Text;
using System.Text.Json;
using Tollgate.Gateway.Tests.Forwarding;
using Tollgate.Gateway.Tests.Listener;
using Tollgate.Metering;

namespace Tollgate.Gateway.Tests.BuiltIn;

public sealed class BuiltInTests
{
    [Fact]
    public async Task Echo_HalfOfASurrogatePair_IsEchoedAsText()
    {
        const string body = """{"a":["\ud800"]}""";
        await using var rig = await GatewayRig.StartAsync();
        using var response = await rig.Client.PostAsync(new Uri("/api/v1/hello/echo", UriKind.Relative), new StringContent(body));
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        using var answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        answer.RootElement.GetProperty("body").GetString().ShouldBe(body);
    }

    [Fact]
    public async Task Hello_AnswersWithoutAKey_UpToItsLimit()
    {
        await using var rig = await GatewayRig.StartAsync(new() { ["Gateway:HelloPerMinute"] = "3" });
        using var pong = JsonDocument.Parse(await rig.Client.GetStringAsync(new Uri("/api/v1/hello/ping", UriKind.Relative)));
        pong.RootElement.GetProperty("pong").GetBoolean().ShouldBeTrue();
        using var get = JsonDocument.Parse(await rig.Client.GetStringAsync(new Uri("/api/v1/hello/echo?a=1&b=x%20y", UriKind.Relative)));
        get.RootElement.GetProperty("query").GetProperty("b").GetString().ShouldBe("x y");
        using var posted = await rig.Client.PostAsync(new Uri("/api/v1/hello/echo", UriKind.Relative), new StringContent("{\"a\":[1,2]}"));
        using var post = JsonDocument.Parse(await posted.Content.ReadAsStringAsync());
        post.RootElement.GetProperty("body").GetProperty("a").GetArrayLength().ShouldBe(2);

        using var refused = await rig.Client.GetAsync(new Uri("/api/v1/hello/ping", UriKind.Relative));
        await FailureTests.ShouldBeAsync(refused, HttpStatusCode.TooManyRequests, "RATE_LIMITED");
        refused.Headers.RetryAfter!.Delta!.Value.ShouldBeGreaterThan(TimeSpan.Zero);
        string.Join("", refused.Headers.GetValues("RateLimit")).ShouldStartWith("\"address-minute\";r=0;t=");
        rig.Journal.Events.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("""{"action":"echo","text":"hé"}""", "text", "\"hé\"")]
    [InlineData("""{"action":"digest","algorithm":"sha256","text":"abc"}""", "hex", "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"")]
    [InlineData("""{"action":"wait","milliseconds":5}""", "milliseconds", "5")]
    public async Task Action_Known_IsDoneAndRecordedWithBothMeters(string body, string member, string value)
    {
        await using var rig = await GatewayRig.StartAsync();
        using var response = await ActAsync(rig, body);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Headers.Contains("RateLimit").ShouldBeTrue();
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        json.RootElement.GetProperty("id").GetString().ShouldStartWith("act_");
        json.RootElement.GetProperty("result").GetProperty(member).GetRawText().ShouldBe(value);

        var usage = await rig.EventAsync();
        (usage.ApiId, usage.Billable, usage.Outcome).ShouldBe((BuiltInApi.Id, true, UsageOutcome.Served));
        (usage.Amounts[0], usage.Amounts[1]).ShouldBe((new MeterAmount(Meter.Requests.Code, 1), new MeterAmount(Meter.Actions.Code, 1)));
        usage.BytesIn.ShouldBe(Encoding.UTF8.GetByteCount(body));
    }

    [Theory]
    [InlineData("""{"action":"dance"}""", HttpStatusCode.UnprocessableEntity, "ACTION_UNKNOWN", "action")]
    [InlineData("{}", HttpStatusCode.UnprocessableEntity, "VALIDATION_FAILED", "action")]
    [InlineData("""{"action":"echo"}""", HttpStatusCode.UnprocessableEntity, "VALIDATION_FAILED", "text")]
    [InlineData("""{"action":"digest","text":"a","algorithm":"md5"}""", HttpStatusCode.UnprocessableEntity, "VALIDATION_FAILED", "algorithm")]
    [InlineData("""{"action":"wait","milliseconds":5001}""", HttpStatusCode.UnprocessableEntity, "VALIDATION_FAILED", "milliseconds")]
    [InlineData("""{"action":"wait","milliseconds":"5"}""", HttpStatusCode.BadRequest, "MALFORMED_JSON", "milliseconds")]
    [InlineData("nonsense", HttpStatusCode.BadRequest, "MALFORMED_JSON", null)]
    [InlineData("", HttpStatusCode.BadRequest, "MALFORMED_JSON", null)]
    public async Task Action_NotUnderstood_IsGivenBack(string body, HttpStatusCode status, string code, string? field)
    {
        await using var rig = await GatewayRig.StartAsync();
        using var response = await ActAsync(rig, body);
        var text = await response.Content.ReadAsStringAsync();
        await FailureTests.ShouldBeAsync(response, status, code);
        if (field is not null)
            JsonDocument.Parse(text).RootElement.GetProperty("errors")[0].GetProperty("path").GetString().ShouldBe(field);
        if (code == "ACTION_UNKNOWN")
            text.ShouldContain("echo, digest, wait");
        (await rig.EventAsync()).Billable.ShouldBeFalse();
        rig.Admission.Taken.ShouldBe(0);
    }

    [Fact]
    public async Task Action_TakesNothingBeforeItsBodyIsThere()
    {
        await using var rig = await GatewayRig.StartAsync();
        var body = new LateContent("""{"action":"echo","text":"a"}""", () => rig.Admission.KnownKeyVerdict = Admission.AdmissionVerdict.KeyRevoked);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/actions") { Content = body };
        request.Headers.Authorization = new("Bearer", FakeAdmission.Key);
        request.Headers.ExpectContinue = true;
        using var response = await rig.Client.SendAsync(request);
        await FailureTests.ShouldBeAsync(response, HttpStatusCode.Unauthorized, "KEY_REVOKED");
    }

    [Fact]
    public async Task Action_WithoutKey_Is401_AndLimitedByAddress()
    {
        await using var rig = await GatewayRig.StartAsync(new() { ["Gateway:HelloPerMinute"] = "1" });
        var path = new Uri("/api/v1/actions", UriKind.Relative);
        using var first = await rig.Client.PostAsync(path, new StringContent("{}"));
        await FailureTests.ShouldBeAsync(first, HttpStatusCode.Unauthorized, "KEY_MISSING");
        using var second = await rig.Client.PostAsync(path, new StringContent("{}"));
        await FailureTests.ShouldBeAsync(second, HttpStatusCode.TooManyRequests, "RATE_LIMITED");
    }

    [Theory]
    [InlineData("DELETE", "/api/v1/hello/ping", HttpStatusCode.MethodNotAllowed, "METHOD_NOT_ALLOWED")]
    [InlineData("GET", "/api/v1/actions", HttpStatusCode.MethodNotAllowed, "METHOD_NOT_ALLOWED")]
    [InlineData("GET", "/api/v1/nothing", HttpStatusCode.NotFound, "NOT_FOUND")]
    public async Task WrongMethodOrPath_IsSaidSo(string method, string path, HttpStatusCode status, string code)
    {
        await using var rig = await GatewayRig.StartAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var response = await rig.Client.SendAsync(request);
        await FailureTests.ShouldBeAsync(response, status, code);
    }

    private static Task<HttpResponseMessage> ActAsync(GatewayRig rig, string body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/actions") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new("Bearer", FakeAdmission.Key);
        return rig.Client.SendAsync(request);
    }

    /// <summary>A body that is sent when the server has asked for it.</summary>
    private sealed class LateContent(string text, Action first) : HttpContent
    {
        private readonly byte[] _bytes = Encoding.UTF8.GetBytes(text);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            first();
            await stream.WriteAsync(_bytes);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = _bytes.Length;
            return true;
        }
    }
}
