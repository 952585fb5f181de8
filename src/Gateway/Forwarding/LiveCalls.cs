using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tollgate.Admission;
using Tollgate.Gateway.Routing;
using Tollgate.Metering;

namespace Tollgate.Gateway.Forwarding;

/// <summary>
/// The calls that are being forwarded, answered or not. One timer looks after them all: it ends those that have waited too long, ends those whose key,
/// subscription or API is gone (within 5 s), and leaves a checkpoint in the journal for each open answer every 10 s. A list for each stripe, linked through the
/// calls themselves: to come and to go costs a call two short locks and no memory.
/// </summary>
internal sealed partial class LiveCalls(IAdmission admission, Routes routes, CallJournal journal, TimeProvider clock, ILogger<LiveCalls> logger) : IHostedService, IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
    private const int ValidateEvery = 20;
    private const int CheckpointEvery = 100;

    private readonly Stripe[] _stripes = [.. Enumerable.Range(0, 16).Select(_ => new Stripe())];
    private ITimer? _timer;
    private int _round;
    private int _busy;

    public int Count => _stripes.Sum(stripe => Volatile.Read(ref stripe.Count));

    public void Add(Call call)
    {
        var stripe = StripeOf(call);
        lock (stripe.Gate)
        {
            call.Life.Next = stripe.First;
            call.Life.Previous = null;
            if (stripe.First is { } first)
                first.Life.Previous = call;
            stripe.First = call;
            stripe.Count++;
            call.Life.Listed = true;
        }
    }

    public void Remove(Call call)
    {
        var stripe = StripeOf(call);
        lock (stripe.Gate)
        {
            if (!call.Life.Listed)
                return;
            call.Life.Listed = false;
            if (call.Life.Previous is { } previous)
                previous.Life.Next = call.Life.Next;
            else
                stripe.First = call.Life.Next;
            if (call.Life.Next is { } next)
                next.Life.Previous = call.Life.Previous;
            (call.Life.Next, call.Life.Previous) = (null, null);
            stripe.Count--;
        }
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _timer = clock.CreateTimer(_ => Tick(), state: null, Interval, Interval);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Ends every call; each still closes its record.</summary>
    public void CutAll() => Visit(static (_, _) => CutReason.Gateway);

    public void Dispose() => _timer?.Dispose();

    /// <summary>Ends what may not go on.</summary>
    internal void Look() => Visit(Judge);

    private void Tick()
    {
        // A round that takes longer than the interval is not joined by a second one.
        if (Interlocked.Exchange(ref _busy, 1) != 0)
            return;
        try
        {
            var round = ++_round;
            Visit(round % ValidateEvery == 0 ? Judge : Late);
            if (round % CheckpointEvery == 0)
                Visit(Checkpoint);
        }
        catch (Exception exception)
        {
            // The next round comes; an exception on a timer's thread would be the end of the process.
            LogBug(logger, exception);
        }
        finally
        {
            Volatile.Write(ref _busy, 0);
        }
    }

    // Under the lock of its stripe a call cannot go, so what is read of it is its own. To cut it comes after, for that wakes whoever waits.
    private void Visit(Func<Call, long, CutReason> judge)
    {
        var now = clock.GetTimestamp();
        List<(Call Call, int Generation, CutReason Reason)>? doomed = null;
        foreach (var stripe in _stripes)
        {
            if (Volatile.Read(ref stripe.Count) == 0)
                continue;
            lock (stripe.Gate)
            {
                for (var call = stripe.First; call is not null; call = call.Life.Next)
                    if (judge(call, now) is not CutReason.None and var reason)
                        (doomed ??= []).Add((call, call.Life.Generation, reason));
            }
        }
        foreach (var (call, generation, reason) in doomed ?? [])
            call.Life.Cut(reason, generation);
    }

    private static CutReason Late(Call call, long now) => call.Life.Deadline is not 0 and var deadline && now > deadline ? CutReason.TimedOut : CutReason.None;

    private CutReason Judge(Call call, long now) =>
        admission.StillValid(call.Decision) && (routes.Table.Serves(call.ApiId) || call.ApiId == BuiltInApi.Id) ? Late(call, now) : CutReason.Gateway;

    private CutReason Checkpoint(Call call, long now)
    {
        try
        {
            journal.Checkpoint(call);
        }
        catch (JournalFullException exception)
        {
            // The begin stands; what is at stake is the amount since the last checkpoint, and only if the process dies.
            LogMissed(logger, exception, call.RequestId);
        }
        return CutReason.None;
    }

    private Stripe StripeOf(Call call) => _stripes[System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(call) & 15];

    [LoggerMessage(1, LogLevel.Warning, "No checkpoint for stream {RequestId}: the journal is full")]
    private static partial void LogMissed(ILogger logger, Exception exception, Guid requestId);

    [LoggerMessage(2, LogLevel.Error, "Unexpected error while looking after the calls in flight")]
    private static partial void LogBug(ILogger logger, Exception exception);

    private sealed class Stripe
    {
        public readonly Lock Gate = new();
        public Call? First;
        public int Count;
    }
}
