using System.Net;
using System.Text.Json;
using Tollgate.Foundation;
using Tollgate.Metering.Tests.Reports;

namespace Tollgate.Metering.Tests.Usage;

/// <summary>Amounts of declared meters by hour and day.</summary>
public sealed class MeterUsageTests
{
    private static readonly DateTimeOffset Midnight = new(TimeProvider.System.GetUtcNow().UtcDateTime.Date.AddDays(-2), TimeSpan.Zero);
    private static readonly string Span = $"from={Midnight:yyyy-MM-dd'T'HH:mm:ss'Z'}&to={Midnight.AddDays(2):yyyy-MM-dd'T'HH:mm:ss'Z'}";

    [Fact]
    public async Task Usage_ByHourAndByDay_IsWhatWasReportedThen()
    {
        await using var server = await UsageServer.StartAsync();
        var (pages, renders) = await ReportAsync(server);

        var hours = await GetAsync(server, $"subscription={Reporting.Sub(1)}&interval=hour&{Span}");
        hours.Select(one => (one.Meter, one.Amount)).ShouldBe([(pages, 5 + 7 + 11), (renders, 3)]);
        hours[0].Rows.Count.ShouldBe(48);
        hours[0].Rows.Where(row => row.Amount > 0).ShouldBe([(Midnight, 5), (Midnight.AddHours(23), 7), (Midnight.AddHours(24), 11)]);
        var days = await GetAsync(server, $"subscription={Reporting.Sub(1)}&interval=day&{Span}");
        days[0].Rows.ShouldBe([(Midnight, 12), (Midnight.AddDays(1), 11)]);
        days[1].Rows.ShouldBe([(Midnight, 0), (Midnight.AddDays(1), 3)]);
        (await GetAsync(server, $"subscription={Reporting.Sub(1)}&meter={renders}&{Span}")).Select(one => one.Meter).ShouldBe([renders]);
        (await GetAsync(server, $"subscription={Reporting.Sub(1)}&meter=x.nobody.has&{Span}")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Usage_OfAnApiOrAnOrganization_IsThatOfAllItsSubscriptions()
    {
        await using var server = await UsageServer.StartAsync();
        var (pages, _) = await ReportAsync(server);
        foreach (var subject in (string[])[$"api={TypeId.Format("api", MeteringDatabase.Id(100_100))}", "side=provider"])
            (await GetAsync(server, $"{subject}&{Span}", organization: 100)).Single(one => one.Meter == pages).Amount.ShouldBe(5 + 7 + 11 + 40, subject);
        (await GetAsync(server, $"side=consumer&{Span}")).Single(one => one.Meter == pages).Amount.ShouldBe(23);
        (await GetAsync(server, $"side=provider&{Span}")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Usage_OfOthers_IsNotThere()
    {
        await using var server = await UsageServer.StartAsync();
        await ReportAsync(server);
        (await server.GetAsync($"/api/usage/meters?subscription={Reporting.Sub(2)}&{Span}")).Status.ShouldBe(HttpStatusCode.NotFound);
        (await server.GetAsync($"/api/usage/meters?organization={TypeId.Format("org", MeteringDatabase.Id(100))}", organization: 200)).Status.ShouldBe(HttpStatusCode.NotFound);
        (await server.GetAsync("/api/usage/meters", organization: null)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        // Visible by its id for this test alone: the rows are still nobody else's.
        (await GetAsync(server, $"subscription={Reporting.Sub(1)}&{Span}", organization: 200)).ShouldBeEmpty();
        (await GetAsync(server, $"api={TypeId.Format("api", MeteringDatabase.Id(100_100))}&{Span}", organization: 200)).ShouldBeEmpty();
        (await GetAsync(server, $"api={TypeId.Format("api", MeteringDatabase.Id(100_100))}&{Span}", organization: 10_002)).Single().Amount.ShouldBe(40);
    }

    [Fact]
    public async Task Usage_AfterTheHoursWereComputedAgain_IsTheSame()
    {
        await using var server = await UsageServer.StartAsync();
        await ReportAsync(server);
        var path = $"/api/usage/meters?side=provider&interval=hour&{Span}";
        var before = (await server.GetAsync(path, 100)).Body.GetProperty("data").ToString();
        await server.Db.ExecuteAsync($"SELECT metering.aggregate_hourly_usage('{Midnight:O}', '{Midnight.AddDays(3):O}')");
        (await server.GetAsync(path, 100)).Body.GetProperty("data").ToString().ShouldBe(before);
    }

    [Fact]
    public async Task Usage_AskedWrongly_SaysEverythingThatIsWrong()
    {
        await using var server = await UsageServer.StartAsync();
        var (status, body) = await server.GetAsync($"/api/usage/meters?meter={new string('x', 201)}&interval=week&from=soon");
        status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        body.GetProperty("errors").EnumerateArray().Select(error => error.GetProperty("path").GetString()).ShouldBe(["meter", "interval", "from"], ignoreOrder: true);
    }

    [Fact]
    public async Task Usage_OfMoreMetersThanAnAnswerHolds_AsksForLess()
    {
        await using var server = await UsageServer.StartAsync();
        await server.Db.ExecuteAsync($"""
            INSERT INTO metering.meter_hourly (hour, subscription_id, meter, organization_id, provider_organization_id, amount)
            SELECT '{Midnight:O}', '{MeteringDatabase.Id(1)}', 'x.many.m' || n, '{MeteringDatabase.Id(10_001)}', '{MeteringDatabase.Id(100)}', 1 FROM generate_series(1, 4000) AS n
            """);
        var (status, body) = await server.GetAsync($"/api/usage/meters?subscription={Reporting.Sub(1)}&from={Midnight:yyyy-MM-dd'T'HH:mm:ss'Z'}&interval=hour");
        status.ShouldBe(HttpStatusCode.UnprocessableEntity, body.ToString());
        body.GetProperty("errors")[0].GetProperty("code").GetString().ShouldBe("RANGE_TOO_LONG");
        (await GetAsync(server, $"subscription={Reporting.Sub(1)}&meter=x.many.m7&interval=hour&{Span}")).Single().Amount.ShouldBe(1);
    }

    /// <summary>Around a midnight, for two subscriptions of one API; and an hour before the span.</summary>
    private static async Task<(string Pages, string Renders)> ReportAsync(UsageServer server)
    {
        var (pages, renders) = (await server.DeclareAsync(), await server.DeclareAsync("renders"));
        server.Subscriptions.Add(1);
        server.Subscriptions.Add(2);
        (await server.ReportAsync(
            Reporting.Event(pages, "before", 100, time: Midnight.AddSeconds(-1)),
            Reporting.Event(pages, "1", 5, time: Midnight),
            Reporting.Event(pages, "2", 7, time: Midnight.AddDays(1).AddSeconds(-1)),
            Reporting.Event(pages, "3", 11, time: Midnight.AddDays(1)),
            Reporting.Event(renders, "4", 3, time: Midnight.AddDays(1).AddHours(2)),
            Reporting.Event(pages, "5", 40, subscription: 2, time: Midnight.AddHours(3)))).ShouldAllBe(verdict => verdict == "accepted");
        return (pages, renders);
    }

    private static async Task<List<(string Meter, decimal Amount, List<(DateTimeOffset From, decimal Amount)> Rows)>> GetAsync(UsageServer server, string query, int organization = 10_001)
    {
        var (status, body) = await server.GetAsync($"/api/usage/meters?{query}", organization);
        status.ShouldBe(HttpStatusCode.OK, body.ToString());
        return [.. body.GetProperty("data").EnumerateArray().Select(one => (one.GetProperty("meter").GetString()!, one.GetProperty("amount").GetDecimal(), Rows(one)))];
    }

    private static List<(DateTimeOffset, decimal)> Rows(JsonElement series) =>
        [.. series.GetProperty("rows").EnumerateArray().Select(row => (row.GetProperty("from").GetDateTimeOffset(), row.GetProperty("amount").GetDecimal()))];
}
