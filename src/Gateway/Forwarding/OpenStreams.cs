using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tollgate.Admission;
using Tollgate.Metering;

namespace Tollgate.Gateway.Forwarding;

/// <summary>
/// The answers that have begun and not ended. One timer looks after them all: it ends those whose key or subscription is gone (within 5 s), and leaves
/// a checkpoint in the journal for each every 10 s.
/// </summary>
internal sealed partial class OpenStreams(IAdmission admission, CallJournal journal, TimeProvider clock, ILogger<OpenStreams> logger) : IHostedService, IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);
    private const int CheckpointEvery = 5;

    private readonly ConcurrentDictionary<Call, CancellationTokenSource> _open = new();
    private ITimer? _timer;
    private int _round;
    private int _busy;

    public int Count => _open.Count;

    public void Add(Call call, CancellationTokenSource cut) => _open[call] = cut;

    public void Remove(Call call) => _open.TryRemove(call, out _);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _timer = clock.CreateTimer(_ => Look(), state: null, Interval, Interval);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Ends every open answer; each still closes its record.</summary>
    public void CutAll()
    {
        foreach (var (call, cut) in _open)
            Cut(call, cut);
    }

    public void Dispose() => _timer?.Dispose();

    internal void Look()
    {
        // A round that takes longer than the interval is not joined by a second one.
        if (Interlocked.Exchange(ref _busy, 1) != 0)
            return;
        try
        {
            var checkpoint = ++_round % CheckpointEvery == 0;
            foreach (var (call, cut) in _open)
            {
                if (!admission.StillValid(call.Decision))
                    Cut(call, cut);
                else if (checkpoint)
                    Checkpoint(call);
            }
        }
        finally
        {
            Volatile.Write(ref _busy, 0);
        }
    }

    private void Checkpoint(Call call)
    {
        try
        {
            journal.Checkpoint(call);
        }
        catch (JournalFullException exception)
        {
            // The begin stands; what is at stake is the amount since the last checkpoint, and only if the process dies.
            LogMissed(logger, exception, call.RequestIdText);
        }
    }

    private static void Cut(Call call, CancellationTokenSource cut)
    {
        call.CutByGateway = true;
        try
        {
            cut.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has just ended by itself.
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "No checkpoint for stream {RequestId}: the journal is full")]
    private static partial void LogMissed(ILogger logger, Exception exception, string requestId);
}
