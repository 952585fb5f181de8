using System.Net;
using System.Text;
using Tollgate.Gateway.Tests.Listener;
using Tollgate.Metering;

namespace Tollgate.Gateway.Tests.Forwarding;

public sealed class JournalTests
{
    [Theory]
    [InlineData("Content-Length: 2\r\n\r\nok", 0)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 1)]
    public async Task Answer_LeavesOnlyAfterItsRecord(string rest, int begun)
    {
        await using var rig = await GatewayRig.StartAsync();
        rig.Upstream.Answer = (_, stream, _) => RawUpstream.WriteAsync(stream, "HTTP/1.1 200 OK\r\n" + rest);
        using var client = await RawClient.ConnectAsync(rig.Address);
        using var go = new ManualResetEventSlim();
        using var reached = new SemaphoreSlim(0);
        rig.Journal.Before = () =>
        {
            reached.Release();
            go.Wait(TimeSpan.FromSeconds(60));
        };
        await client.SendAsync($"GET /acme/weather/x HTTP/1.1\r\nHost: x\r\nx-api-key: {FakeAdmission.Key}\r\nConnection: close\r\n\r\n");
        await reached.WaitAsync();
        // A whole request on another connection comes after all that was on its way when the record was reached.
        (await rig.RawAsync("GET /_api/healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).ShouldStartWith("HTTP/1.1 200");
        client.Available.ShouldBe(0);
        go.Set();
        (await client.ReadToEndAsync()).ShouldStartWith("HTTP/1.1 200");
        rig.Journal.Begun.ShouldBe(begun);
        await rig.EventAsync();
    }

    [Theory]
    [InlineData(65536, 0)]
    [InlineData(65537, 1)]
    public async Task Answer_UpTo64KiB_IsOneRecord(int length, int begun)
    {
        await using var rig = await GatewayRig.StartAsync();
        rig.Upstream.Answer = (_, stream, _) => RawUpstream.WriteAsync(stream, $"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{new string('x', length)}");
        using var response = await rig.Client.SendAsync(GatewayRig.Call("/x"));
        (await response.Content.ReadAsByteArrayAsync()).Length.ShouldBe(length);
        (await rig.EventAsync()).BytesOut.ShouldBe(length);
        rig.Journal.Begun.ShouldBe(begun);
    }

    /// <summary>The disk is slower than the calls: those whose record has no room wait, and no thread of the gateway waits with them.</summary>
    [Theory]
    [InlineData("Content-Length: 2\r\n\r\nok")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")]
    public async Task NextSegmentIsLate_ItsCallsWait_AndNobodyElseDoes(string rest)
    {
        // Whichever loop a connection is on, some of these are on it.
        var calls = 4 * Environment.ProcessorCount;
        await using var rig = await GatewayRig.StartAsync();
        rig.Upstream.Answer = (_, stream, _) => RawUpstream.WriteAsync(stream, "HTTP/1.1 200 OK\r\n" + rest);
        rig.Journal.NextSegment = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var waiting = Enumerable.Range(0, calls).Select(_ => rig.Client.SendAsync(GatewayRig.Call("/x"))).ToList();
        await GatewayRig.EventuallyAsync(() => rig.Journal.Waits == calls);

        for (var i = 0; i < calls; i++)
            (await rig.RawAsync("GET /_api/healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).ShouldStartWith("HTTP/1.1 200");
        waiting.ShouldAllBe(call => !call.IsCompleted);
        rig.Journal.Events.ShouldBeEmpty();

        rig.Journal.NextSegment.SetResult();
        foreach (var call in waiting)
        {
            using var response = await call;
            (await response.Content.ReadAsStringAsync()).ShouldBe("ok");
        }
        await GatewayRig.EventuallyAsync(() => rig.Journal.Events.Count == calls && rig.Journal.OpenCount == 0);
        rig.Admission.Taken.ShouldBe(calls);
    }

    [Theory]
    [InlineData("Content-Length: 2\r\n\r\nok")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")]
    public async Task NextSegmentNeverComes_IsRefusedOrServedAsTheOperatorChose(string rest)
    {
        foreach (var (setting, status, taken) in new[] { ("refuse", HttpStatusCode.ServiceUnavailable, 0), ("serve", HttpStatusCode.OK, 1) })
        {
            await using var rig = await GatewayRig.StartAsync(new() { ["Journal:WhenFull"] = setting });
            rig.Upstream.Answer = (_, stream, _) => RawUpstream.WriteAsync(stream, "HTTP/1.1 200 OK\r\n" + rest);
            rig.Journal.NextSegment = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var call = rig.Client.SendAsync(GatewayRig.Call("/x"));
            await GatewayRig.EventuallyAsync(() => rig.Journal.Waits == 1);
            rig.Journal.NextSegment.SetException(new JournalFullException());
            rig.Journal.Full = true;
            using var response = await call;
            response.StatusCode.ShouldBe(status);
            rig.Admission.Taken.ShouldBe(taken);
            rig.Journal.Events.ShouldBeEmpty();
        }
    }

    [Fact]
    public async Task Event_SaysWhoWhatWhenAndHow_AndNoQuery()
    {
        await using var rig = await GatewayRig.StartAsync();
        using var response = await rig.Client.SendAsync(GatewayRig.Call("/pets/7?secret=1"));
        var usage = await rig.EventAsync();

        Encoding.UTF8.GetString(usage.Method.Span).ShouldBe("GET");
        Encoding.UTF8.GetString(usage.Path.Span).ShouldBe("/pets/7");
        (usage.ApiId, usage.ApiVersion, usage.OperationId, usage.PlanVersion).ShouldBe((GatewayRig.ApiId, 7, GatewayRig.OperationId, 3));
        (usage.SubscriptionId, usage.KeyId, usage.OrganizationId, usage.ProviderOrganizationId)
            .ShouldBe((FakeAdmission.Subscription, FakeAdmission.Subscription, FakeAdmission.Subscription, GatewayRig.ApiId));
        response.Headers.GetValues("X-Request-Id").Single().ShouldBe(Foundation.TypeId.Format("req", usage.RequestId));
        usage.ClientAddress.ShouldBe((UInt128)0xffff7f000001);
        usage.DurationMicros.ShouldBeGreaterThanOrEqualTo(usage.UpstreamMicros);
        usage.UpstreamMicros.ShouldBeGreaterThanOrEqualTo(0);
        usage.Amounts[0].ShouldBe(new MeterAmount(Meter.Requests.Code, 1));
        usage.Amounts[1].ShouldBe(new MeterAmount(Meter.BytesOut.Code, 2));
    }

    [Fact]
    public async Task JournalKnownFull_IsRefusedBeforeTheUpstreamWorks()
    {
        await using var rig = await GatewayRig.StartAsync();
        rig.Journal.Writable = false;
        using var response = await rig.Client.SendAsync(GatewayRig.Call("/x"));
        await FailureTests.ShouldBeAsync(response, HttpStatusCode.ServiceUnavailable, "JOURNAL_UNAVAILABLE");
        rig.Upstream.Received.ShouldBeEmpty();
        rig.Admission.Taken.ShouldBe(0);
    }

    [Theory]
    [InlineData("Content-Length: 2\r\n\r\nok")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")]
    public async Task JournalFullAtTheRecord_Is503AndGivenBack(string rest)
    {
        await using var rig = await GatewayRig.StartAsync();
        rig.Upstream.Answer = (_, stream, _) => RawUpstream.WriteAsync(stream, "HTTP/1.1 200 OK\r\nX-Theirs: 1\r\n" + rest);
        rig.Journal.Full = true;
        using var response = await rig.Client.SendAsync(GatewayRig.Call("/x"));
        await FailureTests.ShouldBeAsync(response, HttpStatusCode.ServiceUnavailable, "JOURNAL_UNAVAILABLE");
        response.Headers.Contains("X-Theirs").ShouldBeFalse();
        rig.Admission.Taken.ShouldBe(0);
        rig.Journal.Events.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("Content-Length: 2\r\n\r\nok")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")]
    public async Task JournalFull_OperatorChoseToServe_IsServed(string rest)
    {
        await using var rig = await GatewayRig.StartAsync(new() { ["Journal:WhenFull"] = "serve" });
        rig.Upstream.Answer = (_, stream, _) => RawUpstream.WriteAsync(stream, "HTTP/1.1 200 OK\r\n" + rest);
        (rig.Journal.Writable, rig.Journal.Full) = (false, true);
        using var response = await rig.Client.SendAsync(GatewayRig.Call("/x"));
        (await response.Content.ReadAsStringAsync()).ShouldBe("ok");
    }

    [Fact]
    public async Task ManyCallsAtOnce_EachIsRecordedOnce()
    {
        await using var rig = await GatewayRig.StartAsync();
        rig.Admission.Limit = 100;
        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(async _ => (await rig.Client.SendAsync(GatewayRig.Call("/x"))).StatusCode));
        answers.Count(status => status == HttpStatusCode.OK).ShouldBe(100);
        rig.Journal.Events.Count.ShouldBe(200);
        rig.Journal.Events.Select(usage => usage.RequestId).Distinct().Count().ShouldBe(200);
        rig.Journal.Events.Count(usage => usage.Billable).ShouldBe(100);
    }

    [Fact]
    public async Task StreamCutAsItBegins_ItsRecordIsClosed()
    {
        const int Calls = 300;
        await using var rig = await GatewayRig.StartAsync();
        rig.Upstream.Answer = async (_, stream, stop) =>
        {
            await RawUpstream.WriteAsync(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            await Task.Delay(Timeout.Infinite, stop);
        };
        var streams = rig.Get<Gateway.Forwarding.LiveCalls>();
        rig.Admission.Ended = true;
        using var enough = new CancellationTokenSource();
        var looking = Task.Run(() =>
        {
            while (!enough.IsCancellationRequested)
                streams.Look();
        });
        for (var i = 0; i < Calls; i++)
            await rig.RawAsync($"GET /acme/weather/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\nx-api-key: {FakeAdmission.Key}\r\n\r\n");
        await enough.CancelAsync();
        await looking;
        await GatewayRig.EventuallyAsync(() => rig.Journal.OpenCount == 0 && rig.Journal.Events.Count == Calls);
    }

    [Theory]
    [InlineData(204)]
    [InlineData(205)]
    public async Task UpstreamGivesALengthToAnAnswerWithoutBody_TheAnswerPasses(int status)
    {
        await using var rig = await GatewayRig.StartAsync();
        rig.Upstream.Answer = async (_, stream, _) =>
        {
            await RawUpstream.WriteAsync(stream, $"HTTP/1.1 {status} X\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
            stream.Close();
        };
        using var response = await rig.Client.SendAsync(GatewayRig.Call("/x"));
        ((int)response.StatusCode).ShouldBe(status);
    }
}
