using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Tollgate.Foundation;
using Tollgate.TestKit;

namespace Tollgate.Host.Tests.Faults;

/// <summary>Clients that call until they are stopped, and remember which calls were answered. An answer counts from its first byte on.</summary>
internal sealed class Load : IAsyncDisposable
{
    private const int Workers = 12;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<Guid> _answered = [];
    private readonly Task _work;
    private long _refused;

    public Load(RunningProgram program, Market market) => _work = RunAsync(program, market);

    /// <summary>Request ids of the calls that were answered by the upstream.</summary>
    public IReadOnlyCollection<Guid> Answered => _answered;

    /// <summary>Answers of the gateway itself, such as 503 while nothing can be recorded.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Until calls are answered again, a minute at most: the figures show it when they are not.</summary>
    public async Task AnswersAgainAsync()
    {
        for (var (watch, answered) = (Stopwatch.StartNew(), Answered.Count); Answered.Count < answered + 50 && watch.Elapsed < TimeSpan.FromSeconds(60);)
            await Task.Delay(50);
    }

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _work;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task RunAsync(RunningProgram program, Market market)
    {
        using var http = RunningProgram.NewClient(program.Gateway);
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(worker => WorkAsync(http, market, worker)));
    }

    // A quarter reads streams. A call is not begun faster than a small machine answers, so that each round's log can be read.
    private async Task WorkAsync(HttpClient http, Market market, int worker)
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                using var response = await http.SendAsync(market.Call(worker % 4 == 0 ? "/stream?events=10" : "/small"), HttpCompletionOption.ResponseHeadersRead, _stop.Token);
                if (response.StatusCode == HttpStatusCode.OK)
                    _answered.Add(TypeId.TryParse(response.Headers.GetValues("X-Request-Id").Single(), "req", out var id) ? id : Guid.Empty);
                else
                    Interlocked.Increment(ref _refused);
                await response.Content.ReadAsByteArrayAsync(_stop.Token);
                await Task.Delay(response.StatusCode == HttpStatusCode.OK ? 1 : 20, _stop.Token);
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
            {
                if (!_stop.IsCancellationRequested)
                    await Task.Delay(10, CancellationToken.None);
            }
        }
    }
}
