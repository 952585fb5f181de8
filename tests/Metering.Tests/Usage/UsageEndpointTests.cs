using System.Net;
using System.Text.Json;
using Tollgate.Foundation;
using Tollgate.Identity;

namespace Tollgate.Metering.Tests.Usage;

public class UsageEndpointTests
{
    private static readonly string Subscription = TypeId.Format("sub", MeteringDatabase.Id(1));
    private static readonly string Api = TypeId.Format("api", MeteringDatabase.Id(100_100));

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    [Fact]
    public async Task Usage_OfASubscription_CountsBillableCallsAndAllStatuses()
    {
        await using var server = await UsageServer.StartAsync();
        AppendSome(server);
        await server.ShipAsync();
        var (status, body) = await server.GetAsync($"/api/usage?subscription={Subscription}");
        status.ShouldBe(HttpStatusCode.OK, body.ToString());
        body.GetProperty("data").GetArrayLength().ShouldBe(31);
        var total = body.GetProperty("total");
        total.GetProperty("requests").GetInt64().ShouldBe(10);
        total.GetProperty("calls").GetInt64().ShouldBe(13);
        total.GetProperty("refused").GetInt64().ShouldBe(2);
        total.GetProperty("errors").GetInt64().ShouldBe(1);
        total.GetProperty("bytes_out").GetInt64().ShouldBe(13 * 2400);
        total.GetProperty("status").GetRawText().ShouldBe("""{"2xx":10,"3xx":0,"4xx":2,"5xx":1}""");
        total.GetProperty("latency_ms").GetProperty("p50").GetDouble().ShouldBeInRange(11.4, 12.6);
        var last = body.GetProperty("data")[30];
        last.GetProperty("from").GetDateTimeOffset().ShouldBe(new DateTimeOffset(Now.Date, TimeSpan.Zero));
        body.GetProperty("data")[0].GetProperty("latency_ms").GetProperty("p99").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Fact]
    public async Task Usage_ByHour_IsZeroFilledWithTheRunningHour()
    {
        await using var server = await UsageServer.StartAsync();
        AppendSome(server);
        await server.ShipAsync();
        var (_, body) = await server.GetAsync($"/api/usage?organization={TypeId.Format("org", MeteringDatabase.Id(10_001))}&interval=hour&from={Now.AddHours(-5):yyyy-MM-ddTHH:mm:ssZ}");
        body.GetProperty("data").GetArrayLength().ShouldBe(6);
        body.GetProperty("data").EnumerateArray().Sum(r => r.GetProperty("requests").GetInt64()).ShouldBe(10);
    }

    [Fact]
    public async Task Usage_OfAProvider_IsWhatItsApisServed()
    {
        await using var server = await UsageServer.StartAsync();
        AppendSome(server);
        server.Journal.Append(server.Db.Call(2));
        await server.ShipAsync();
        (await server.GetAsync("/api/usage?side=provider", 100)).Body.GetProperty("total").GetProperty("requests").GetInt64().ShouldBe(11);
        (await server.GetAsync("/api/usage", 100)).Body.GetProperty("total").GetProperty("requests").GetInt64().ShouldBe(0);
        (await server.GetAsync($"/api/usage?api={Api}", 100)).Body.GetProperty("total").GetProperty("requests").GetInt64().ShouldBe(11);
        (await server.GetAsync($"/api/usage?api={Api}", 10_002)).Body.GetProperty("total").GetProperty("requests").GetInt64().ShouldBe(1);
    }

    [Theory]
    [InlineData("?subscription=sub_00000000000000000000000000", HttpStatusCode.NotFound)]
    [InlineData("?subscription=nonsense", HttpStatusCode.NotFound)]
    [InlineData("?organization=somebody-else", HttpStatusCode.NotFound)]
    [InlineData("?interval=week", HttpStatusCode.UnprocessableEntity)]
    [InlineData("?from=yesterday", HttpStatusCode.UnprocessableEntity)]
    [InlineData("?from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z", HttpStatusCode.UnprocessableEntity)]
    [InlineData("?from=2024-03-02T00:00:00Z&to=2026-03-01T00:00:00Z", HttpStatusCode.UnprocessableEntity)]
    [InlineData("?interval=hour&from=2026-01-01T00:00:00Z&to=2026-02-02T00:00:00Z", HttpStatusCode.UnprocessableEntity)]
    public async Task Usage_WhatCannotBeAnswered_IsRefused(string query, HttpStatusCode expected)
    {
        await using var server = await UsageServer.StartAsync();
        (await server.GetAsync("/api/usage" + query)).Status.ShouldBe(expected);
        (await server.GetAsync("/api/usage" + query, null)).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData("/api/usage?interval=week&from=yesterday&to=today&side=both&subscription=sub_1&api=api_1",
        "subscription ONE_SUBJECT, api ONE_SUBJECT, side UNKNOWN_VALUE, interval UNKNOWN_VALUE, to NOT_A_TIME, from NOT_A_TIME")]
    [InlineData("/api/usage?interval=week&from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z", "interval UNKNOWN_VALUE, from RANGE_EMPTY")]
    [InlineData("/api/request-log?status=abc&outcome=fine&from=yesterday&to=today&limit=0&after=abc&side=both",
        "side UNKNOWN_VALUE, status UNKNOWN_VALUE, outcome UNKNOWN_VALUE, from NOT_A_TIME, to NOT_A_TIME, limit OUT_OF_RANGE, after CURSOR_INVALID")]
    [InlineData("/api/request-log?limit=1&limit=2&after=!!!&organization=somebody-else", "limit TYPE_INVALID, after CURSOR_INVALID")]
    [InlineData("/api/request-log?limit=99999999999", "limit TYPE_INVALID")]
    public async Task WrongParameters_AreAllNamedInOneProblem(string path, string expected)
    {
        await using var server = await UsageServer.StartAsync();
        var (status, problem) = await server.GetAsync(path);

        status.ShouldBe(HttpStatusCode.UnprocessableEntity, problem.ToString());
        problem.GetProperty("code").GetString().ShouldBe("VALIDATION_FAILED");
        string.Join(", ", problem.GetProperty("errors").EnumerateArray().Select(error => $"{error.GetProperty("path").GetString()} {error.GetProperty("code").GetString()}")).ShouldBe(expected);
    }

    [Fact]
    public async Task RequestLog_Pages_AreNewestFirstAndComplete()
    {
        await using var server = await UsageServer.StartAsync();
        AppendSome(server);
        await server.ShipAsync();
        List<JsonElement> rows = [];
        string? after = null;
        do
        {
            var (status, page) = await server.GetAsync($"/api/request-log?subscription={Subscription}&limit=5{(after is null ? "" : "&after=" + after)}");
            status.ShouldBe(HttpStatusCode.OK, page.ToString());
            rows.AddRange(page.GetProperty("data").EnumerateArray());
            after = page.GetProperty("next").GetString();
            page.GetProperty("has_more").GetBoolean().ShouldBe(after is not null);
        }
        while (after is not null);
        rows.Count.ShouldBe(13);
        rows.Select(r => r.GetProperty("id").GetString()).Distinct().Count().ShouldBe(13);
        rows.Select(r => r.GetProperty("at").GetDateTimeOffset()).ShouldBeInOrder(SortDirection.Descending);
        var call = rows[^1];
        (call.GetProperty("method").GetString(), call.GetProperty("path").GetString(), call.GetProperty("outcome").GetString(), call.GetProperty("duration_ms").GetDouble(),
            call.GetProperty("country").GetString(), call.GetProperty("client_address").GetString(), call.GetProperty("subscription_id").GetString())
            .ShouldBe(("GET", "/v1/moon", "served", 12, "DE", "192.168.1.2", Subscription));
    }

    [Fact]
    public async Task RequestLog_OfAnOrganization_HasAllItsSubscriptionsInOneOrder()
    {
        await using var server = await UsageServer.StartAsync();
        for (var i = 0; i < 12; i++)
        {
            var call = server.Db.Call(1 + i % 3, at: Now.AddSeconds(-60 + i));
            call.OrganizationId = MeteringDatabase.Id(10_001 + i % 4 / 3);
            server.Journal.Append(call);
        }
        await server.ShipAsync();
        List<JsonElement> rows = [];
        string? after = null;
        do
        {
            var (status, page) = await server.GetAsync($"/api/request-log?limit=2{(after is null ? "" : "&after=" + after)}");
            status.ShouldBe(HttpStatusCode.OK, page.ToString());
            rows.AddRange(page.GetProperty("data").EnumerateArray());
            after = page.GetProperty("next").GetString();
        }
        while (after is not null);
        rows.Count.ShouldBe(9);
        rows.Select(r => r.GetProperty("at").GetDateTimeOffset()).ShouldBeInOrder(SortDirection.Descending);
        rows.Select(r => r.GetProperty("subscription_id").GetString()).Distinct().Count().ShouldBe(3);
    }

    [Theory]
    [InlineData(OrganizationRole.Owner, HttpStatusCode.OK)]
    [InlineData(OrganizationRole.Admin, HttpStatusCode.OK)]
    [InlineData(OrganizationRole.Developer, HttpStatusCode.OK)]
    [InlineData(OrganizationRole.Billing, HttpStatusCode.Forbidden)]
    [InlineData(OrganizationRole.Viewer, HttpStatusCode.Forbidden)]
    public async Task RequestLog_IsForThoseWhoWorkWithTheApis_SumsAreForAllMembers(OrganizationRole role, HttpStatusCode expected)
    {
        await using var server = await UsageServer.StartAsync();
        AppendSome(server);
        await server.ShipAsync();

        foreach (var subject in new[] { "", $"?subscription={Subscription}", $"?api={Api}" })
        {
            (await server.GetAsync("/api/request-log" + subject, role: role)).Status.ShouldBe(expected, subject);
            (await server.GetAsync("/api/usage" + subject, role: role)).Status.ShouldBe(HttpStatusCode.OK, subject);
        }
        (await server.GetAsync("/api/request-log?subscription=sub_00000000000000000000000000", role: role)).Status.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task RequestLog_Filters_NarrowAndTheProviderSeesNoAddress()
    {
        await using var server = await UsageServer.StartAsync();
        AppendSome(server);
        await server.ShipAsync();
        (await CountAsync(server, "status=429", 10_001)).ShouldBe(2);
        (await CountAsync(server, "status=2xx", 10_001)).ShouldBe(10);
        (await CountAsync(server, "outcome=upstream_failed", 10_001)).ShouldBe(1);
        (await CountAsync(server, $"to={Now.AddHours(-1):yyyy-MM-ddTHH:mm:ssZ}", 10_001)).ShouldBe(0);
        (await server.GetAsync("/api/request-log?status=abc")).Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await server.GetAsync("/api/request-log?after=abc")).Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        var (_, page) = await server.GetAsync($"/api/request-log?api={Api}", 100);
        page.GetProperty("data").GetArrayLength().ShouldBe(13);
        page.GetProperty("data").EnumerateArray().ShouldAllBe(r => r.GetProperty("client_address").ValueKind == JsonValueKind.Null);
    }

    [Fact]
    public async Task Appended_WithoutAskingToShip_IsVisibleWithinTwoSecondsAndReconciles()
    {
        await using var server = await UsageServer.StartAsync();
        AppendSome(server);
        var open = server.Journal.Begin(server.Db.Call());
        server.Journal.End(open, server.Db.Call());
        var deadline = Now.AddSeconds(60);
        while ((await server.GetAsync("/api/usage")).Body.GetProperty("total").GetProperty("requests").GetInt64() < 11)
            Now.ShouldBeLessThan(deadline);
        var report = await server.Reconciliation.RunAsync(Now.AddHours(-1), Now.AddMinutes(1), TestContext.Current.CancellationToken);
        report.ToText().ShouldContain("equal");
        (report.Balanced, report.Settled).ShouldBe((true, true), report.ToText());
        report.Rows.ShouldHaveSingleItem().Gateway.ShouldBe(11);
    }

    private static async Task<int> CountAsync(UsageServer server, string filter, int organization)
    {
        var (status, page) = await server.GetAsync($"/api/request-log?{filter}", organization);
        status.ShouldBe(HttpStatusCode.OK, page.ToString());
        return page.GetProperty("data").GetArrayLength();
    }

    /// <summary>10 served and billable, 2 refused, 1 that the upstream failed; one subscription.</summary>
    private static void AppendSome(UsageServer server)
    {
        for (var i = 0; i < 13; i++)
        {
            var call = server.Db.Call(at: Now.AddMilliseconds(-100 + i));
            if (i is 10 or 11)
                (call.Outcome, call.Reason, call.Status, call.Billable) = (UsageOutcome.Refused, RefusalReason.Rate, 429, false);
            if (i is 12)
                (call.Outcome, call.Status, call.Billable) = (UsageOutcome.UpstreamFailed, 502, false);
            server.Journal.Append(call);
        }
    }
}
