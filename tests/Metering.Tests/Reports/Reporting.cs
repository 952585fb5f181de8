using System.Net;
using System.Text.Json;
using Tollgate.Foundation;
using Tollgate.Metering.Tests.Usage;

namespace Tollgate.Metering.Tests.Reports;

/// <summary>Declares, reports and reads as a provider does, over HTTP.</summary>
internal static class Reporting
{
    public const string Batch = "application/cloudevents-batch+json";
    public const string Single = "application/cloudevents+json";

    public static string Sub(int subscription) => TypeId.Format("sub", MeteringDatabase.Id(subscription));

    /// <summary>The name of a meter that the provider declares now.</summary>
    public static async Task<string> DeclareAsync(this UsageServer server, string name = "pages", int provider = 100)
    {
        var (status, body) = await server.PostAsync("/api/meters", new { name, unit = "page" }, provider);
        status.ShouldBe(HttpStatusCode.Created, body.ToString());
        return body.GetProperty("name").GetString()!;
    }

    public static Dictionary<string, object?> Event(string meter, string id, long amount = 1, int subscription = 1, string source = "/jobs", DateTimeOffset? time = null)
    {
        var one = new Dictionary<string, object?>
        {
            ["specversion"] = "1.0",
            ["id"] = id,
            ["source"] = source,
            ["type"] = meter,
            ["subject"] = Sub(subscription),
            ["data"] = new { amount },
        };
        if (time is { } at)
            one["time"] = at.ToString("O");
        return one;
    }

    /// <summary>The verdicts in short: accepted, duplicate, or the code.</summary>
    public static async Task<string[]> ReportAsync(this UsageServer server, params Dictionary<string, object?>[] events) => Verdicts(await server.ReportAsAsync(100, events));

    public static async Task<JsonElement> ReportAsAsync(this UsageServer server, int organization, params Dictionary<string, object?>[] events)
    {
        var (status, body) = await server.PostAsync("/api/usage/events", events, organization, type: Batch);
        status.ShouldBe(HttpStatusCode.OK, body.ToString());
        return body;
    }

    public static string[] Verdicts(JsonElement body) =>
        [.. body.GetProperty("data").EnumerateArray().Select(one => one.TryGetProperty("code", out var code) ? code.GetString()! : one.GetProperty("status").GetString()!)];

    /// <summary>The same sum in the events, the hours and the periods.</summary>
    public static async Task ShouldSumToAsync(this MeteringDatabase db, long amount)
    {
        foreach (var table in new[] { "reported_usage", "meter_hourly", "usage_by_period" })
            (await db.ScalarAsync<decimal>($"SELECT coalesce(sum(amount), 0)::numeric FROM metering.{table} WHERE meter LIKE 'x.%'")).ShouldBe(amount, table);
    }
}
