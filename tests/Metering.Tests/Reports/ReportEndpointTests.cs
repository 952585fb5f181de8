using System.Net;
using System.Text.Json;
using Tollgate.Foundation;
using Tollgate.Identity;
using Tollgate.Metering.Tests.Usage;

namespace Tollgate.Metering.Tests.Reports;

public sealed class ReportEndpointTests
{
    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    [Fact]
    public async Task Report_ABatch_EachItemHasItsVerdictAndABadOneRefusesOnlyItself()
    {
        await using var server = await UsageServer.StartAsync();
        var meter = await server.DeclareAsync();
        var foreign = await server.DeclareAsync("pages", provider: 200);
        server.Subscriptions.Add(1);
        server.Subscriptions.Add(2, provider: 200);
        server.Subscriptions.Add(3, endedAt: Now.AddDays(-2));
        server.Subscriptions.Add(4, startedAt: Now.AddDays(-1));
        var poisoned = Reporting.Event(meter, "poison");
        poisoned["data"] = new { amount = "7" };
        var nothing = new Dictionary<string, object?> { ["id"] = "empty" };
        var verdicts = await server.ReportAsync(
            Reporting.Event(meter, "1", 5), poisoned, Reporting.Event(meter, "1", 5), Reporting.Event(meter, "1", 6), Reporting.Event(meter, "2", 7), Reporting.Event(meter, "1", 3, source: "/other"),
            Reporting.Event("requests", "3"), Reporting.Event(foreign, "4"), Reporting.Event(foreign, "5", subscription: 2), Reporting.Event(meter, "6", subscription: 99), nothing,
            Reporting.Event(meter, "7", time: Now.AddDays(-61)), Reporting.Event(meter, "8", time: Now.AddMinutes(6)), Reporting.Event(meter, "9", subscription: 3, time: Now.AddDays(-3)),
            Reporting.Event(meter, "10", subscription: 4, time: Now.AddDays(-2)), Reporting.Event(meter, "11", 0));
        verdicts.ShouldBe(["accepted", "EVENT_INVALID", "duplicate", "EVENT_ID_REUSED", "accepted", "accepted",
            "METER_UNKNOWN", "METER_UNKNOWN", "SUBSCRIPTION_UNKNOWN", "SUBSCRIPTION_UNKNOWN", "EVENT_INVALID",
            "EVENT_TOO_OLD", "EVENT_IN_FUTURE", "SUBSCRIPTION_ENDED", "EVENT_BEFORE_SUBSCRIPTION", "accepted"]);
        await server.Db.ShouldSumToAsync(15);
        (await server.ReportAsync(Reporting.Event(meter, "1", 5), Reporting.Event(meter, "2", 8))).ShouldBe(["duplicate", "EVENT_ID_REUSED"]);
        await server.Db.ShouldSumToAsync(15);
    }

    [Fact]
    public async Task Report_WhatIsWrong_IsToldAtOnceAndCounted()
    {
        await using var server = await UsageServer.StartAsync();
        var (status, body) = await server.PostAsync("/api/usage/events", """
            [{"specversion":"0.3","id":"","source":"a\u0000b","type":7,"subject":"sub_nonsense","time":"yesterday","data":{"amount":1.5}}, 17, "text", null, {"specversion":"1.0","id":"\ud800"}]
            """, type: Reporting.Batch);
        status.ShouldBe(HttpStatusCode.OK, body.ToString());
        body.GetProperty("rejected").GetInt32().ShouldBe(5);
        var first = body.GetProperty("data")[0];
        first.GetProperty("errors").EnumerateArray().Select(error => error.GetProperty("path").GetString()).ShouldBe(["specversion", "id", "source", "type", "subject", "time", "data.amount"]);
        body.GetProperty("data")[4].GetProperty("id").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Theory]
    [InlineData("9007199254740992", "accepted")]
    [InlineData("9007199254740993", "EVENT_INVALID")]
    [InlineData("-1", "EVENT_INVALID")]
    [InlineData("1.0", "EVENT_INVALID")]
    [InlineData("1e400", "EVENT_INVALID")]
    [InlineData("null", "EVENT_INVALID")]
    public async Task Report_AmountsAtTheirBounds_AreWholeNumbersOrRefused(string amount, string verdict)
    {
        await using var server = await UsageServer.StartAsync();
        var meter = await server.DeclareAsync();
        server.Subscriptions.Add(1);
        var (_, body) = await server.PostAsync("/api/usage/events",
            $$$"""{"specversion":"1.0","id":"1","source":"s","type":"{{{meter}}}","subject":"{{{Reporting.Sub(1)}}}","data":{"amount": {{{amount}}} }}""", type: Reporting.Single);
        Reporting.Verdicts(body).ShouldBe([verdict]);
    }

    [Fact]
    public async Task Report_InHeaders_IsTheSameEvent()
    {
        await using var server = await UsageServer.StartAsync();
        var meter = await server.DeclareAsync();
        server.Subscriptions.Add(1);
        var time = Now.AddHours(-1);
        (await server.ReportAsync(Reporting.Event(meter, "ä 1", 4, time: time))).ShouldBe(["accepted"]);
        var request = new HttpRequestMessage(HttpMethod.Post, "/api/usage/events") { Content = new StringContent("""{"amount":4}""", null, "application/json") };
        foreach (var (name, value) in new[] { ("specversion", "1.0"), ("id", "%C3%A4%201"), ("source", "/jobs"), ("type", meter), ("subject", Reporting.Sub(1)), ("time", time.ToString("O")) })
            request.Headers.Add($"ce-{name}", value);
        Reporting.Verdicts((await server.SendAsync(request, 100)).Body).ShouldBe(["duplicate"]);
    }

    [Fact]
    public async Task Report_ABodyThatIsNoReport_IsRefusedWhole()
    {
        await using var server = await UsageServer.StartAsync();
        await RefusedAsync(HttpStatusCode.UnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", "[]", "text/plain");
        await RefusedAsync(HttpStatusCode.UnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", "[]", "application/json");
        await RefusedAsync(HttpStatusCode.BadRequest, "MALFORMED_JSON", "[{", Reporting.Batch);
        await RefusedAsync(HttpStatusCode.BadRequest, "MALFORMED_JSON", new string('[', 100), Reporting.Batch);
        await RefusedAsync(HttpStatusCode.UnprocessableEntity, "VALIDATION_FAILED", "{}", Reporting.Batch);
        await RefusedAsync(HttpStatusCode.UnprocessableEntity, "VALIDATION_FAILED", $"[{string.Join(',', Enumerable.Repeat("1", 1001))}]", Reporting.Batch);
        await RefusedAsync(HttpStatusCode.RequestEntityTooLarge, "BODY_TOO_LARGE", $"[\"{new string('a', 1024 * 1024)}\"]", Reporting.Batch);
        (await server.PostAsync("/api/usage/events", "[]", organization: null, type: Reporting.Batch)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await server.ReportAsync()).ShouldBeEmpty();

        async Task RefusedAsync(HttpStatusCode status, string code, string body, string type)
        {
            var (found, problem) = await server.PostAsync("/api/usage/events", body, type: type);
            found.ShouldBe(status, problem.ToString());
            problem.GetProperty("code").GetString().ShouldBe(code);
        }
    }

    [Fact]
    public async Task Report_OnlyWithARoleThatMay_AndForeignIsAsUnknown()
    {
        await using var server = await UsageServer.StartAsync();
        var meter = await server.DeclareAsync();
        server.Subscriptions.Add(1);
        object[] one = [Reporting.Event(meter, "1")];
        foreach (var role in new[] { OrganizationRole.Viewer, OrganizationRole.Billing })
            Reporting.Verdicts((await server.PostAsync("/api/usage/events", one, role: role, type: Reporting.Batch)).Body).ShouldBe(["SUBSCRIPTION_UNKNOWN"], role.ToString());
        // The consumer sees the subscription, a stranger does not: neither reports for it, and both hear the same.
        var consumer = await server.ReportAsAsync(10_001, Reporting.Event(meter, "1"));
        consumer.ToString().ShouldBe((await server.ReportAsAsync(999, Reporting.Event(meter, "1"))).ToString());
        Reporting.Verdicts(consumer).ShouldBe(["SUBSCRIPTION_UNKNOWN"]);
        foreach (var role in new[] { OrganizationRole.Owner, OrganizationRole.Admin, OrganizationRole.Developer })
            Reporting.Verdicts((await server.PostAsync("/api/usage/events", new[] { Reporting.Event(meter, role.ToString()) }, role: role, type: Reporting.Batch)).Body).ShouldBe(["accepted"]);
    }

    [Fact]
    public async Task Report_SameSourceAndIdOfAnotherOrganization_IsAnotherEvent()
    {
        await using var server = await UsageServer.StartAsync();
        var (one, other) = (await server.DeclareAsync(), await server.DeclareAsync("pages", provider: 200));
        server.Subscriptions.Add(1);
        server.Subscriptions.Add(2, provider: 200);
        Reporting.Verdicts(await server.ReportAsAsync(100, Reporting.Event(one, "same"))).ShouldBe(["accepted"]);
        Reporting.Verdicts(await server.ReportAsAsync(200, Reporting.Event(other, "same", subscription: 2))).ShouldBe(["accepted"]);
    }

    [Fact]
    public async Task Report_OfThePeriodBefore_IsOfThePlanVersionThatItWasUsedUnder()
    {
        await using var server = await UsageServer.StartAsync();
        var meter = await server.DeclareAsync();
        // The period turned an hour ago, and half an hour ago the subscription came back on a newer version.
        var turned = Now.AddHours(-1);
        var changed = Now.AddMinutes(-30);
        // Not each month has a day of this number to have begun on.
        var started = Enumerable.Range(1, 12).Select(months => turned.AddMonths(-months)).First(at => at.Day == turned.Day);
        server.Subscriptions.Add(1, startedAt: started, version: at => at < changed ? 1 : 2);
        (await server.ReportAsync(Reporting.Event(meter, "1", 5, time: turned.AddMinutes(-10)), Reporting.Event(meter, "2", 7, time: turned.AddMinutes(10)), Reporting.Event(meter, "3", 9)))
            .ShouldBe(["accepted", "accepted", "accepted"]);
        (await server.Db.RowsAsync("SELECT plan_version, amount::bigint FROM metering.usage_by_period ORDER BY period_start, plan_version")).ShouldBe(
            await server.Db.RowsAsync("VALUES (1, 5::bigint), (1, 7), (2, 9)"));
        (await server.Db.RowsAsync("SELECT plan_version, amount FROM metering.reported_usage ORDER BY amount")).ShouldBe(await server.Db.RowsAsync("VALUES (1, 5::bigint), (1, 7), (2, 9)"));
    }

    [Fact]
    public async Task List_BothSidesSeeWhatWasReported_AndNobodyElse()
    {
        await using var server = await UsageServer.StartAsync();
        var meter = await server.DeclareAsync();
        server.Subscriptions.Add(1);
        await server.ReportAsync([.. Enumerable.Range(0, 5).Select(i => Reporting.Event(meter, $"{i}", i, time: Now.AddHours(-i)))]);
        (await AmountsAsync("/api/usage/events", 100)).ShouldBe([0, 1, 2, 3, 4]);
        (await AmountsAsync($"/api/usage/events?subscription={Reporting.Sub(1)}", 10_001)).ShouldBe([0, 1, 2, 3, 4]);
        (await AmountsAsync("/api/usage/events?meter=x.none", 100)).ShouldBeEmpty();
        (await AmountsAsync("/api/usage/events", 10_001)).ShouldBeEmpty();
        (await AmountsAsync($"/api/usage/events?subscription={Reporting.Sub(1)}", 999)).ShouldBeEmpty();
        var (_, page) = await server.GetAsync("/api/usage/events?limit=2", 100);
        (await AmountsAsync($"/api/usage/events?limit=2&after={page.GetProperty("next").GetString()}", 100)).ShouldBe([2, 3]);
        var (status, problem) = await server.GetAsync("/api/usage/events?limit=0&after=x&organization=a&subscription=b", 100);
        status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        problem.GetProperty("errors").GetArrayLength().ShouldBe(3);

        async Task<List<long>> AmountsAsync(string path, int organization)
        {
            var (found, body) = await server.GetAsync(path, organization);
            found.ShouldBe(HttpStatusCode.OK, body.ToString());
            return [.. body.GetProperty("data").EnumerateArray().Select(one => one.GetProperty("amount").GetInt64())];
        }
    }
}
