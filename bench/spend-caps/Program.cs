using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using Tollgate.Foundation;
using Tollgate.Host.Tests;
using Tollgate.TestKit;

// How long after the call that reaches a spend cap others are still admitted, on the running program, while another subscription's calls keep the journal busy.
// Usage: run [rounds]. Each round raises the cap by what 20 calls cost, spends it, and calls on until it is refused.
const int Steps = 20;
const long Price = 50;
var rounds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 40;

await using var upstream = await FakeUpstream.StartAsync();
await using var program = await RunningProgram.StartAsync();
using var market = await Market.OpenAsync(program, upstream.Address, Market.Charge(1, "0.5"));
using var other = await Market.OpenAsync(program, upstream.Address, Market.Deny("minute", 10_000_000));
using var gateway = RunningProgram.NewClient(program.Gateway);
using var stop = new CancellationTokenSource();
var others = OthersAsync();
var random = new Random(4711);
List<double> late = [];
List<int> calls = [];
// The first call is included. What a round admits past its cap is on the bill, and the next cap is above that.
var spent = await OneMoreAsync() ? 0L : throw new InvalidOperationException("The first call was refused.");
for (var round = 0; round < rounds; round++)
{
    var cap = spent + Steps * Price;
    await CapAsync(cap);
    while (!await OneMoreAsync())
        await Task.Delay(10);
    spent += Price;
    // At any moment between two looks and two shippings.
    await Task.Delay(random.Next(1000));
    for (; spent < cap; spent += Price)
        if (!await OneMoreAsync())
            throw new InvalidOperationException($"Refused at {spent} of {cap}.");
    var reached = Stopwatch.GetTimestamp();
    var (last, more) = (reached, 0);
    for (var began = Stopwatch.GetTimestamp(); await OneMoreAsync(); began = Stopwatch.GetTimestamp())
    {
        (last, more, spent) = (began, more + 1, spent + Price);
        await Task.Delay(2);
    }
    late.Add(Stopwatch.GetElapsedTime(reached, last).TotalMilliseconds);
    calls.Add(more);
}
await stop.CancelAsync();
await others;
late.Sort();
Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
    $"rounds={rounds} last_admitted_after_ms median={late[rounds / 2]:N0} p90={late[rounds * 9 / 10]:N0} longest={late[^1]:N0}; calls admitted past the cap at most {calls.Max()}"));

async Task<bool> OneMoreAsync()
{
    using var response = await gateway.SendAsync(market.Call("/small"));
    return response.StatusCode == HttpStatusCode.OK || (response.StatusCode == HttpStatusCode.TooManyRequests ? false : throw new InvalidOperationException($"{response.StatusCode}"));
}

async Task CapAsync(long amount)
{
    using var response = await market.Consumer.PutAsJsonAsync($"/api/subscriptions/{market.SubscriptionId}/spend-cap", new { amount }, Json.Options);
    response.EnsureSuccessStatusCode();
}

async Task OthersAsync()
{
    while (!stop.IsCancellationRequested)
    {
        using var response = await gateway.SendAsync(other.Call("/small"));
        await Task.Delay(2);
    }
}
