using System.Net;
using System.Text.Json;
using Tollgate.TestKit;

namespace Tollgate.Host.Tests;

/// <summary>Calls without a pause, and what must hold when they have ended.</summary>
internal static class Load
{
    /// <summary>Eight clients at once; each answer's request id is given to <paramref name="answered"/> when its headers are there.</summary>
    public static async Task RunAsync(RunningProgram program, Market market, Action<string> answered, CancellationToken stop)
    {
        using var http = RunningProgram.NewClient(program.Gateway);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async worker =>
        {
            while (!stop.IsCancellationRequested)
            {
                try
                {
                    // Two of eight read streams. An answer counts from its first byte on.
                    using var response = await http.SendAsync(market.Call(worker < 2 ? "/stream?events=20" : "/small"), HttpCompletionOption.ResponseHeadersRead, stop);
                    response.StatusCode.ShouldBe(HttpStatusCode.OK);
                    answered(response.Headers.GetValues("X-Request-Id").Single());
                    await response.Content.ReadAsByteArrayAsync(stop);
                    // Enough calls to be hit at any point of one, few enough to read the whole request log afterwards.
                    await Task.Delay(1, stop);
                }
                catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
                {
                    if (!stop.IsCancellationRequested)
                        await Task.Delay(5, CancellationToken.None);
                }
            }
        }));
    }

    /// <summary>Until everything is shipped after an outage the command says that the node is unsettled (2). A difference (1) never goes away.</summary>
    public static async Task<string> ReconciledAsync(RunningProgram program)
    {
        while (true)
        {
            var (exitCode, output) = await program.CommandAsync("reconcile");
            if (exitCode == 0)
                return output;
            exitCode.ShouldBe(2, output);
            // Each look is a process.
            await Task.Delay(500, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>The request log has every call that was answered, once, and what is counted is what it has.</summary>
    public static async Task AssertEachLoggedOnceAsync(Market market, IReadOnlyCollection<string> answered)
    {
        var log = await market.RequestLogAsync();
        var logged = Ids(log);
        logged.Count.ShouldBe(logged.Distinct(StringComparer.Ordinal).Count(), "a call was logged twice");
        // What was on its way when the load ended may have been left by its client before there was an answer: logged, and not counted.
        var counted = Ids(log.Where(row => row.GetProperty("billable").GetBoolean()));
        answered.Except(counted, StringComparer.Ordinal).ShouldBeEmpty("an answered call is not in the request log");
        (await market.UsageAsync()).GetProperty("total").GetProperty("requests").GetInt64().ShouldBe(counted.Count);
    }

    private static List<string> Ids(IEnumerable<JsonElement> rows) => [.. rows.Select(row => row.GetProperty("request_id").GetString()!)];
}
