using System.Net;
using System.Text.Json;
using Tollgate.Admission;
using Tollgate.Gateway.Metrics;
using Tollgate.Gateway.Tests.Forwarding;
using Tollgate.Gateway.Tests.Listener;
using Tollgate.Metering;
using Tollgate.TestKit;

namespace Tollgate.Gateway.Tests.Answers;

public sealed class AnswerTests
{
    private static string Policy(int limit) => $"\"requests-minute\";q={limit};w=60, \"bytes.out-billing-period\";q=1073741824;w=2592000;qu=\"content-bytes\"";

    [Fact]
    public async Task Success_CarriesWhatIsLeft()
    {
        await using var rig = await GatewayRig.StartAsync(new() { ["Proxy:Trusted"] = "" });
        rig.Upstream.Answer = (_, stream, _) => RawUpstream.WriteAsync(stream,
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-RateLimit-Limit: 9999\r\nRateLimit: theirs\r\nAccess-Control-Expose-Headers: ETag\r\n\r\n");
        using var response = await rig.Client.SendAsync(GatewayRig.Call("/x"));

        Header(response, "RateLimit-Policy").ShouldBe(Policy(1000));
        Header(response, "RateLimit").ShouldBe("\"requests-minute\";r=999;t=17");
        Header(response, "X-RateLimit-Limit").ShouldBe("1000");
        Header(response, "X-RateLimit-Remaining").ShouldBe("999");
        Header(response, "X-RateLimit-Reset").ShouldBe("17");
        Header(response, "Access-Control-Expose-Headers").ShouldStartWith("ETag, RateLimit, RateLimit-Policy");
        response.Headers.Contains("Server").ShouldBeFalse();
    }

    [Fact]
    public async Task PastTheLimit_Is429Recorded_NotForwarded()
    {
        await using var rig = await GatewayRig.StartAsync();
        rig.Admission.Limit = 0;
        using var response = await rig.Client.SendAsync(GatewayRig.Call("/pets/1"));

        await FailureTests.ShouldBeAsync(response, HttpStatusCode.TooManyRequests, "RATE_LIMITED");
        response.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(17));
        Header(response, "RateLimit").ShouldBe("\"requests-minute\";r=0;t=17");
        Header(response, "RateLimit-Policy").ShouldBe(Policy(0));
        Header(response, "X-RateLimit-Remaining").ShouldBe("0");
        rig.Upstream.Received.ShouldBeEmpty();
        var usage = await rig.EventAsync();
        (usage.Outcome, usage.Reason, usage.Billable, usage.OperationId).ShouldBe((UsageOutcome.Refused, RefusalReason.Rate, false, GatewayRig.OperationId));
    }

    [Theory]
    [InlineData(AdmissionVerdict.SubscriptionInactive, HttpStatusCode.Forbidden, "SUBSCRIPTION_INACTIVE")]
    [InlineData(AdmissionVerdict.EndpointNotInPlan, HttpStatusCode.Forbidden, "ENDPOINT_NOT_IN_PLAN")]
    [InlineData(AdmissionVerdict.KeyRevoked, HttpStatusCode.Unauthorized, "KEY_REVOKED")]
    [InlineData(AdmissionVerdict.KeyExpired, HttpStatusCode.Unauthorized, "KEY_EXPIRED")]
    [InlineData(AdmissionVerdict.Unavailable, HttpStatusCode.ServiceUnavailable, "ADMISSION_UNAVAILABLE")]
    public async Task KnownKeyRefused_SaysWhyAndIsRecorded(AdmissionVerdict verdict, HttpStatusCode status, string code)
    {
        await using var rig = await GatewayRig.StartAsync();
        rig.Admission.KnownKeyVerdict = verdict;
        using var response = await rig.Client.SendAsync(GatewayRig.Call("/x"));
        await FailureTests.ShouldBeAsync(response, status, code);
        Header(response, "RateLimit-Policy").ShouldNotBeEmpty();
        var usage = await rig.EventAsync();
        (usage.Outcome, usage.Billable).ShouldBe((UsageOutcome.Refused, false));
        rig.Admission.GivenBack.ShouldBe(0);
    }

    [Fact]
    public async Task EveryAdmittedCall_IsReleasedOnce()
    {
        await using var rig = await GatewayRig.StartAsync();
        for (var call = 0; call < 3; call++)
            using (await rig.Client.SendAsync(GatewayRig.Call("/x")))
            {
            }
        rig.Admission.Limit = 0;
        using (await rig.Client.SendAsync(GatewayRig.Call("/x")))
        {
        }
        // An answer may be read a moment before its call has ended.
        SpinWait.SpinUntil(() => rig.Admission.Released >= 3, TimeSpan.FromSeconds(60));
        rig.Admission.Released.ShouldBe(3);
    }

    [Fact]
    public async Task UnknownKeys_TooManyFromAnAddress_Is429_UntilTheTimeThatItSays()
    {
        var clock = new ManualClock();
        await using var rig = await GatewayRig.StartAsync(new Dictionary<string, string?> { ["Gateway:UnknownKeysPerMinute"] = "3" }, clock: clock);
        for (var call = 0; call < 5; call++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/acme/weather/x");
            request.Headers.TryAddWithoutValidation("x-api-key", "tg_live_unknown");
            using var response = await rig.Client.SendAsync(request);
            if (call == 2)
                clock.Advance(TimeSpan.FromSeconds(30));
            if (call != 3)
            {
                await FailureTests.ShouldBeAsync(response, HttpStatusCode.Unauthorized, "KEY_UNKNOWN");
                continue;
            }
            await FailureTests.ShouldBeAsync(response, HttpStatusCode.TooManyRequests, "RATE_LIMITED");
            Header(response, "RateLimit-Policy").ShouldBe("\"address-minute\";q=3;w=60");
            var wait = response.Headers.RetryAfter!.Delta!.Value;
            wait.ShouldBeLessThanOrEqualTo(TimeSpan.FromSeconds(40));
            clock.Advance(wait);
        }
        // A key that is known is not held against its address.
        using var known = await rig.Client.SendAsync(GatewayRig.Call("/x"));
        known.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData(AdmissionVerdict.Admitted, HttpStatusCode.OK)]
    [InlineData(AdmissionVerdict.SubscriptionInactive, HttpStatusCode.Forbidden)]
    [InlineData(null, HttpStatusCode.ServiceUnavailable)]
    public async Task Undecided_IsDecidedAgainAfterTheLease(AdmissionVerdict? then, HttpStatusCode status)
    {
        await using var rig = await GatewayRig.StartAsync();
        rig.Admission.KnownKeyVerdict = AdmissionVerdict.Undecided;
        rig.Admission.VerdictAfterLease = then;
        using var response = await rig.Client.SendAsync(GatewayRig.Call("/x"));
        response.StatusCode.ShouldBe(status);
        if (status == HttpStatusCode.ServiceUnavailable)
        {
            await FailureTests.ShouldBeAsync(response, status, "ADMISSION_UNAVAILABLE");
            response.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(1));
        }
    }

    [Theory]
    [InlineData(null, null, "KEY_MISSING")]
    [InlineData("Authorization", "Basic eDp5", "KEY_MISSING")]
    [InlineData("x-api-key", "nonsense", "KEY_MALFORMED")]
    [InlineData("Authorization", "Bearer nonsense", "KEY_MALFORMED")]
    [InlineData("x-api-key", "tg_live_unknown", "KEY_UNKNOWN")]
    public async Task NoKnownKey_Is401_CountedButNotRecorded(string? name, string? value, string code)
    {
        await using var rig = await GatewayRig.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/acme/weather/x");
        if (name is not null)
            request.Headers.TryAddWithoutValidation(name, value);
        using var response = await rig.Client.SendAsync(request);

        await FailureTests.ShouldBeAsync(response, HttpStatusCode.Unauthorized, code);
        response.Headers.WwwAuthenticate.ToString().ShouldStartWith("Bearer");
        rig.Journal.Events.ShouldBeEmpty();
        rig.Upstream.Received.ShouldBeEmpty();
        var sample = rig.Get<GatewayMetrics>().Sample.ShouldHaveSingleItem();
        (sample.Api, sample.Code).ShouldBe(("acme/weather", code));
    }

    [Theory]
    [InlineData("*", HttpStatusCode.NoContent)]
    [InlineData("acme/weather", HttpStatusCode.NoContent)]
    [InlineData("", HttpStatusCode.Unauthorized)]
    public async Task Preflight_IsAnsweredWhereCorsIsOn(string setting, HttpStatusCode status)
    {
        await using var rig = await GatewayRig.StartAsync(new() { ["Gateway:Cors"] = setting });
        using var request = new HttpRequestMessage(HttpMethod.Options, "/acme/weather/x");
        request.Headers.Add("Origin", "https://shop.test");
        request.Headers.Add("Access-Control-Request-Method", "POST");
        request.Headers.Add("Access-Control-Request-Headers", "x-api-key");
        using var response = await rig.Client.SendAsync(request);
        response.StatusCode.ShouldBe(status);
        rig.Upstream.Received.ShouldBeEmpty();
        if (status == HttpStatusCode.NoContent)
            Header(response, "Access-Control-Allow-Headers").ShouldBe("x-api-key");
    }

    [Fact]
    public async Task Health_IsAnswered()
    {
        await using var rig = await GatewayRig.StartAsync();
        using var json = JsonDocument.Parse(await rig.Client.GetStringAsync(new Uri("/_api/healthz", UriKind.Relative)));
        json.RootElement.GetProperty("status").GetString().ShouldBe("ok");
    }

    private static string Header(HttpResponseMessage response, string name) => string.Join(", ", response.Headers.GetValues(name));
}
