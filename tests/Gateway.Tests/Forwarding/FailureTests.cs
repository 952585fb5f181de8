using System.Net;
using System.Text.Json;
using Tollgate.Gateway.Tests.Listener;
using Tollgate.Metering;

namespace Tollgate.Gateway.Tests.Forwarding;

public sealed class FailureTests
{
    [Fact]
    public async Task UpstreamDown_Is502AndGivenBack()
    {
        await using var rig = await GatewayRig.StartAsync();
        rig.Upstream.Stop();
        using var response = await rig.Client.SendAsync(GatewayRig.Call("/x"));
        await ShouldBeFailureAsync(rig, response, HttpStatusCode.BadGateway, "UPSTREAM_UNREACHABLE");
    }

    [Theory]
    [InlineData("")]
    [InlineData("not http at all\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort")]
    public async Task UpstreamAnswersBadly_Is502AndGivenBack(string answer)
    {
        await using var rig = await GatewayRig.StartAsync();
        rig.Upstream.Answer = async (_, stream, _) =>
        {
            await RawUpstream.WriteAsync(stream, answer);
            stream.Close();
        };
        using var response = await rig.Client.SendAsync(GatewayRig.Call("/x"));
        await ShouldBeFailureAsync(rig, response, HttpStatusCode.BadGateway, "UPSTREAM_UNREACHABLE");
    }

    [Fact]
    public async Task UpstreamSlow_Is504AndGivenBack()
    {
        await using var rig = await GatewayRig.StartAsync(timeout: 200);
        rig.Upstream.Answer = (_, _, stop) => Task.Delay(Timeout.Infinite, stop);
        using var response = await rig.Client.SendAsync(GatewayRig.Call("/x"));
        await ShouldBeFailureAsync(rig, response, HttpStatusCode.GatewayTimeout, "UPSTREAM_TIMEOUT");
    }

    [Fact]
    public async Task UpstreamSlow_WithABody_Is504Too()
    {
        await using var rig = await GatewayRig.StartAsync(timeout: 200);
        rig.Upstream.Answer = (_, _, stop) => Task.Delay(Timeout.Infinite, stop);
        using var response = await rig.Client.SendAsync(GatewayRig.Call("/x", HttpMethod.Post, new StringContent("body")));
        await ShouldBeFailureAsync(rig, response, HttpStatusCode.GatewayTimeout, "UPSTREAM_TIMEOUT");
    }

    [Fact]
    public async Task UpstreamOnAClosedAddress_IsNotConnectedTo()
    {
        await using var rig = await GatewayRig.StartAsync(new() { [Gateway.Upstreams.UpstreamAddressPolicy.Setting] = "false" });
        using var response = await rig.Client.SendAsync(GatewayRig.Call("/x"));
        await ShouldBeFailureAsync(rig, response, HttpStatusCode.BadGateway, "UPSTREAM_UNREACHABLE");
        rig.Upstream.Received.ShouldBeEmpty();
    }

    [Fact]
    public async Task UpstreamBreaksMidStream_IsBillableAndTheClientSeesTheBreak()
    {
        await using var rig = await GatewayRig.StartAsync();
        rig.Upstream.Answer = async (_, stream, _) =>
        {
            await RawUpstream.WriteAsync(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
            stream.Close();
        };
        var answer = await rig.RawAsync($"GET /acme/weather/x HTTP/1.1\r\nHost: x\r\nx-api-key: {FakeAdmission.Key}\r\n\r\n");
        answer.ShouldNotContain("\r\n0\r\n\r\n");
        var usage = await rig.EventAsync();
        (usage.Outcome, usage.Billable, usage.BytesOut).ShouldBe((UsageOutcome.UpstreamFailed, true, 2));
        rig.Admission.GivenBack.ShouldBe(0);
    }

    [Fact]
    public async Task ClientLeavesBeforeTheAnswer_IsBillableAndTheUpstreamIsLetGo()
    {
        await using var rig = await GatewayRig.StartAsync();
        var arrived = new TaskCompletionSource();
        var closed = new TaskCompletionSource();
        rig.Upstream.Answer = async (_, stream, stop) =>
        {
            arrived.TrySetResult();
            // An end or a reset: in either case the upstream need not go on.
            (await ReadOrResetAsync(stream, stop)).ShouldBe(0);
            closed.TrySetResult();
        };
        using (var client = await RawClient.ConnectAsync(rig.Address))
        {
            await client.SendAsync($"GET /acme/weather/x HTTP/1.1\r\nHost: x\r\nx-api-key: {FakeAdmission.Key}\r\n\r\n");
            await arrived.Task.WaitAsync(TimeSpan.FromSeconds(60));
        }
        await closed.Task.WaitAsync(TimeSpan.FromSeconds(60));
        var usage = await rig.EventAsync();
        (usage.Outcome, usage.Billable, usage.Status).ShouldBe((UsageOutcome.ClientAborted, true, (short)499));
        rig.Admission.GivenBack.ShouldBe(0);
    }

    [Fact]
    public async Task ClientLeavesMidStream_IsBillable()
    {
        await using var rig = await GatewayRig.StartAsync();
        rig.Upstream.Answer = async (_, stream, stop) =>
        {
            await RawUpstream.WriteAsync(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
            while (!stop.IsCancellationRequested)
            {
                await RawUpstream.WriteAsync(stream, "2\r\nab\r\n");
                await Task.Delay(10, stop);
            }
        };
        using (var client = await RawClient.ConnectAsync(rig.Address))
        {
            await client.SendAsync($"GET /acme/weather/x HTTP/1.1\r\nHost: x\r\nx-api-key: {FakeAdmission.Key}\r\n\r\n");
            await client.ReadUntilAsync("ab\r\n");
        }
        var usage = await rig.EventAsync();
        (usage.Outcome, usage.Billable, usage.Status).ShouldBe((UsageOutcome.ClientAborted, true, (short)200));
    }

    [Theory]
    [InlineData("Gateway:MaxInFlight")]
    [InlineData("Gateway:MaxInFlightPerApi")]
    public async Task TooManyInFlight_Is503GivenBackAndRecorded(string setting)
    {
        await using var rig = await GatewayRig.StartAsync(new() { [setting] = "1" });
        var arrived = new TaskCompletionSource();
        var go = new TaskCompletionSource();
        rig.Upstream.Answer = async (_, stream, _) =>
        {
            arrived.TrySetResult();
            await go.Task;
            await RawUpstream.WriteAsync(stream, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        };
        var first = rig.Client.SendAsync(GatewayRig.Call("/x"));
        await arrived.Task.WaitAsync(TimeSpan.FromSeconds(60));
        using var second = await rig.Client.SendAsync(GatewayRig.Call("/x"));
        await ShouldBeAsync(second, HttpStatusCode.ServiceUnavailable, "OVERLOADED");
        second.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(1));
        var usage = await rig.EventAsync();
        (usage.Outcome, usage.Reason, usage.Billable).ShouldBe((UsageOutcome.Refused, RefusalReason.Overload, false));
        go.SetResult();
        (await first).StatusCode.ShouldBe(HttpStatusCode.OK);
        rig.Admission.Taken.ShouldBe(1);
        (await rig.Client.SendAsync(GatewayRig.Call("/x"))).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    private static async Task<int> ReadOrResetAsync(System.Net.Sockets.NetworkStream stream, CancellationToken stop)
    {
        try
        {
            return await stream.ReadAsync(new byte[1], stop);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    internal static async Task ShouldBeAsync(HttpResponseMessage response, HttpStatusCode status, string code)
    {
        response.StatusCode.ShouldBe(status);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        using var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        problem.RootElement.GetProperty("code").GetString().ShouldBe(code);
        problem.RootElement.GetProperty("status").GetInt32().ShouldBe((int)status);
    }

    private static async Task ShouldBeFailureAsync(GatewayRig rig, HttpResponseMessage response, HttpStatusCode status, string code)
    {
        await ShouldBeAsync(response, status, code);
        response.Headers.Contains("RateLimit").ShouldBeTrue();
        var usage = await rig.EventAsync();
        (usage.Outcome, usage.Billable, (int)usage.Status, usage.Amounts[0].Amount).ShouldBe((UsageOutcome.UpstreamFailed, false, (int)status, 0));
        rig.Admission.GivenBack.ShouldBe(1);
        rig.Admission.Taken.ShouldBe(0);
    }
}
