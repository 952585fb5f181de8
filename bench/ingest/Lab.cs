using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Shipping;
using Tollgate.Host.Tests;
using Tollgate.TestKit;

namespace Ingest;

/// <summary>What one run took.</summary>
internal sealed record Figures(long Events, double Seconds, double ProgramCpu, double ServerCpu, IReadOnlyList<double> Milliseconds)
{
    public double At(double quantile) => Milliseconds[(int)Math.Min(Milliseconds.Count - 1, quantile * Milliseconds.Count)];
}

/// <summary>The program with a provider, its two meters and some subscriptions on a plan that has both; and whoever reports for them.</summary>
internal sealed class Lab : IAsyncDisposable
{
    private const int Subscriptions = 20;
    private readonly List<string> _subscriptions = [];
    private readonly List<string> _meters = [];
    private RunningProgram _program = null!;
    private FakeUpstream _upstream = null!;
    private Market _market = null!;
    private int _server;
    private long _number;

    public long Accepted { get; private set; }

    public static async Task<Lab> StartAsync()
    {
        var lab = new Lab { _upstream = await FakeUpstream.StartAsync() };
        lab._program = await RunningProgram.StartAsync(new Dictionary<string, string?>(StringComparer.Ordinal) { ["Identity__RegistersPerHour"] = "1000" });
        lab._market = await Market.OpenAsync(lab._program, lab._upstream.Address, Market.Deny("minute", 10_000_000));
        lab._server = int.Parse(File.ReadLines(Directory.GetFiles(lab._program.Data, "postmaster.pid", SearchOption.AllDirectories).Single()).First(), CultureInfo.InvariantCulture);
        foreach (var name in (string[])["pages", "renders"])
            lab._meters.Add((await Market.PostAsync(lab._market.Provider, "/api/meters", new { name, unit = "piece" })).GetProperty("name").GetString()!);
        var plan = await Market.PostAsync(lab._market.Provider, $"/api/apis/{lab._market.ApiId}/plans", new
        {
            name = "Metered",
            price = new { amount = 500, currency = "usd", interval = "month" },
            allowances = new object[]
            {
                new { meter = lab._meters[0], amount = 1_000_000_000, window = "month", past = "deny" },
                new { meter = lab._meters[1], amount = 10, window = "billing_period", past = "charge", unit_price = "0.5" },
            },
        });
        for (var i = 0; i < Subscriptions; i++)
            lab._subscriptions.Add(await SubscribeAsync(lab._program, plan.GetProperty("id").GetString()!, i));
        return lab;
    }

    /// <summary>So many clients, each of which sends its next request when the one before is answered.</summary>
    public async Task<Figures> ReportAsync(int clients, int batch, double seconds)
    {
        var (program, server) = (Cpu.Of(_program.ProcessId), Cpu.Take(_server).Server);
        var watch = Stopwatch.StartNew();
        var sent = await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Task.Run(() => ClientAsync(batch, seconds))));
        var took = watch.Elapsed.TotalSeconds;
        var events = sent.Sum(answers => (long)answers.Count * batch);
        Accepted += events;
        return new Figures(events, took, Cpu.Of(_program.ProcessId) - program, Cpu.Take(_server).Server - server, [.. sent.SelectMany(one => one).Order()]);
    }

    /// <summary>A fast intake that loses something would be worth nothing: each event is of one piece.</summary>
    public async Task CheckAsync()
    {
        var shown = (await Market.GetAsync(_market.Provider, "/api/meters")).GetProperty("data").EnumerateArray().Sum(meter => meter.GetProperty("last30_days").GetDecimal());
        if (shown != Accepted)
            throw new InvalidOperationException($"{Accepted} events were accepted, the meters show {shown}.");
    }

    public async ValueTask DisposeAsync()
    {
        _market.Dispose();
        await _program.DisposeAsync();
        await _upstream.DisposeAsync();
    }

    private static async Task<string> SubscribeAsync(RunningProgram program, string plan, int number)
    {
        using var consumer = RunningProgram.NewClient(program.Control);
        var session = await Market.PostAsync(consumer, "/auth/register", new { email = $"reader{number}@example.com", password = "correct horse battery", name = $"Reader {number}" });
        consumer.DefaultRequestHeaders.Authorization = new("Bearer", session.GetProperty("access_token").GetString());
        return (await Market.PostAsync(consumer, "/api/subscriptions", new { plan_id = plan })).GetProperty("id").GetString()!;
    }

    // Milliseconds of each request.
    private async Task<List<double>> ClientAsync(int batch, double seconds)
    {
        var answers = new List<double>();
        for (var watch = Stopwatch.StartNew(); watch.Elapsed.TotalSeconds < seconds;)
        {
            using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(batch == 1 ? Event() : $"[{string.Join(',', Enumerable.Range(0, batch).Select(_ => Event()))}]"));
            content.Headers.ContentType = new MediaTypeHeaderValue(batch == 1 ? "application/cloudevents+json" : "application/cloudevents-batch+json");
            var start = watch.Elapsed;
            using var response = await _market.Provider.PostAsync("/api/usage/events", content);
            var text = await response.Content.ReadAsStringAsync();
            answers.Add((watch.Elapsed - start).TotalMilliseconds);
            if (!response.IsSuccessStatusCode || JsonDocument.Parse(text).RootElement.GetProperty("accepted").GetInt32() != batch)
                throw new InvalidOperationException(text);
        }
        return answers;
    }

    private string Event()
    {
        var number = Interlocked.Increment(ref _number);
        return $$$"""
            {"specversion":"1.0","id":"job-{{{number}}}","source":"/render","type":"{{{_meters[(int)(number % 2)]}}}","subject":"{{{_subscriptions[(int)(number % Subscriptions)]}}}","data":{"amount":1}}
            """;
    }
}
