using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Tollgate.Metering.Journal;

namespace Tollgate.Metering.Shipping;

/// <summary>
/// Copies the journal into the request log and the rollups. The database's position is the only truth: after any failure, an unknown outcome of a commit
/// included, it is read again, and what follows it is shipped again.
/// </summary>
internal sealed partial class Shipper(IJournalReader journal, JournalPositions positions, SliceWriter writer, ShippingMetrics metrics, TimeProvider clock, ILogger<Shipper> logger)
    : BackgroundService, IUsageShipping
{
    // What is held in memory at once, and what one transaction writes. A rollup's row is written once for a batch, so that large ones cost less an event.
    private const int BatchRecords = 20_000;
    private const long BatchBytes = BatchRecords * 256L;

    // Each of them is a row in every rollup, some times the memory of its event; but with fewer a batch than are calling, a transaction would have few events.
    private const int BatchSubscriptions = 4_000;

    // A transaction costs much the same for one event as for hundreds: they wait for company, the first after a silence excepted. A call shall be seen within 2 s.
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(800);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan SealRequestPoll = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SealInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(20);

    // One step at a time: the background loop and whoever asks for everything now share the position.
    private readonly SemaphoreSlim _turn = new(1);
    private readonly JournalBatch _batch = new();
    private ShippedPosition? _position;
    private long _shippedOffset;
    private long _caughtUp;
    private volatile bool _soon;

    public Guid JournalId => journal.Id;

    private long Lag => Math.Max(0, journal.Tail - Volatile.Read(ref _shippedOffset));

    public async Task ShipNowAsync(CancellationToken cancellation)
    {
        var target = journal.Tail;
        for (var failures = 0; ;)
        {
            try
            {
                var before = Volatile.Read(ref _shippedOffset);
                if (await StepAsync(cancellation).ConfigureAwait(false) >= target)
                    return;
                failures = 0;
                // A record that is being written right now holds up the ones behind it for microseconds.
                if (Volatile.Read(ref _shippedOffset) == before)
                    await Task.Delay(TimeSpan.FromMilliseconds(5), CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception exception) when (!cancellation.IsCancellationRequested)
            {
                await BackOffAsync(exception, ++failures, cancellation).ConfigureAwait(false);
            }
        }
    }

    public void ShipSoon() => _soon = true;

    /// <summary>Answers a request of reconciling: everything counted up to now is sealed and stored.</summary>
    public async Task SealAsync(CancellationToken cancellation)
    {
        var request = await positions.SealRequestAsync(cancellation).ConfigureAwait(false);
        if (_position is { } position && request <= position.SealedRequest)
            return;
        journal.SealTotals();
        await ShipNowAsync(cancellation).ConfigureAwait(false);
        await positions.PassSealAsync(journal.Id, request, cancellation).ConfigureAwait(false);
        await _turn.WaitAsync(cancellation).ConfigureAwait(false);
        _position = _position is null ? null : _position with { SealedRequest = request };
        _turn.Release();
    }

    /// <summary>Drains. Not at the end of ExecuteAsync: a stop that comes at once keeps that from running at all.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        if (ExecuteTask is not null)
            await DrainAsync(cancellationToken).ConfigureAwait(false);
    }

    public override void Dispose()
    {
        _turn.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        metrics.Lag = () => Lag;
        metrics.Position = () => Volatile.Read(ref _shippedOffset);
        Volatile.Write(ref _caughtUp, clock.GetTimestamp());
        metrics.LagSeconds = () => Lag == 0 ? 0 : clock.GetElapsedTime(Volatile.Read(ref _caughtUp)).TotalSeconds;
        var failures = 0;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await RunAsync(stoppingToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception exception)
            {
                failures = _position is null ? failures + 1 : 1;
                try
                {
                    await BackOffAsync(exception, failures, stoppingToken).ConfigureAwait(false);
                }
                catch (OperationCanceledException)
                {
                    break;
                }
            }
        }
    }

    private async Task RunAsync(CancellationToken stopping)
    {
        var (polled, totalled) = (clock.GetTimestamp(), clock.GetTimestamp());
        while (true)
        {
            var shipped = clock.GetTimestamp();
            _soon = false;
            await ShipWhatIsThereAsync(stopping).ConfigureAwait(false);
            if (clock.GetElapsedTime(totalled) >= SealInterval)
            {
                journal.SealTotals();
                totalled = clock.GetTimestamp();
            }
            if (clock.GetElapsedTime(polled) >= SealRequestPoll)
            {
                await SealAsync(stopping).ConfigureAwait(false);
                polled = clock.GetTimestamp();
            }
            while (Lag < BatchBytes && (Lag == 0 || (!_soon && clock.GetElapsedTime(shipped) < Gathering)) && clock.GetElapsedTime(polled) < SealRequestPoll)
            {
                await Task.Delay(Look, clock, stopping).ConfigureAwait(false);
                // Also when nothing is new: a full journal takes no record until room is made.
                journal.Release(Volatile.Read(ref _shippedOffset));
            }
        }
    }

    // In as many batches as it takes: company is waited for only after the last. Not for longer than a request to seal may wait.
    private async Task ShipWhatIsThereAsync(CancellationToken stopping)
    {
        var (tail, began) = (journal.Tail, clock.GetTimestamp());
        long before, at;
        do
        {
            before = Volatile.Read(ref _shippedOffset);
            at = await StepAsync(stopping).ConfigureAwait(false);
        }
        while (at > before && at < tail && clock.GetElapsedTime(began) < SealRequestPoll);
    }

    /// <summary>Ships one batch; answers where the journal is shipped to.</summary>
    private async Task<long> StepAsync(CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            var position = _position ??= await positions.LoadAsync(journal, cancellation).ConfigureAwait(false);
            var (began, tail) = (clock.GetTimestamp(), journal.Tail);
            var batch = journal.Read(position.Offset, BatchRecords, BatchSubscriptions, _batch);
            if (batch.NextOffset != position.Offset)
                await ShipAsync(new Slice(position.Offset, batch.NextOffset, batch.Records), cancellation).ConfigureAwait(false);
            journal.Release(_position.Offset);
            Volatile.Write(ref _shippedOffset, _position.Offset);
            if (_position.Offset >= tail)
                Volatile.Write(ref _caughtUp, began);
            return _position.Offset;
        }
        catch (PositionMovedException)
        {
            // Another shipper of this journal, or our own commit whose answer was lost.
            LogMoved(logger, journal.Id);
            _position = null;
            return Volatile.Read(ref _shippedOffset);
        }
        catch
        {
            _position = null;
            throw;
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task ShipAsync(Slice slice, CancellationToken cancellation)
    {
        try
        {
            (_position, var events) = await WriteAsync(slice, cancellation).ConfigureAwait(false);
            metrics.Shipped(events);
        }
        catch (Exception exception) when (IsPoison(exception))
        {
            if (slice.Records.Count > 1)
            {
                var (left, right) = slice.Halves();
                await ShipAsync(left, cancellation).ConfigureAwait(false);
                await ShipAsync(right, cancellation).ConfigureAwait(false);
                return;
            }
            LogRejected(logger, exception, journal.Id, slice.Records.Count == 0 ? slice.From : slice.Records[0].Offset);
            metrics.Rejected(slice.Records.Count);
            _position = await writer.RejectAsync(journal.Id, _position!, slice, exception.Message, cancellation).ConfigureAwait(false);
        }
    }

    private async Task<(ShippedPosition, int)> WriteAsync(Slice slice, CancellationToken cancellation)
    {
        try
        {
            return await writer.WriteAsync(journal.Id, _position!, slice, lookUp: false, cancellation).ConfigureAwait(false);
        }
        catch (AlreadyLoggedException)
        {
            LogAlready(logger, journal.Id, slice.From, slice.Next);
            return await writer.WriteAsync(journal.Id, _position!, slice, lookUp: true, cancellation).ConfigureAwait(false);
        }
    }

    // The value's fault, not the server's: classes 22 (data) and 23 (constraint), and what .NET's types cannot hold.
    private static bool IsPoison(Exception exception) => exception switch
    {
        PostgresException postgres => postgres.SqlState.StartsWith("22", StringComparison.Ordinal) || postgres.SqlState.StartsWith("23", StringComparison.Ordinal),
        OverflowException or ArgumentException => true,
        _ => false,
    };

    private async Task BackOffAsync(Exception exception, int failures, CancellationToken cancellation)
    {
        metrics.Failed();
        var wait = TimeSpan.FromMilliseconds(Math.Min(LongestBackoff.TotalMilliseconds, 100 * Math.Pow(2, Math.Min(failures, 10) - 1)));
        LogFailed(logger, exception, journal.Id, wait);
        await Task.Delay(wait, clock, cancellation).ConfigureAwait(false);
    }

    private async Task DrainAsync(CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(DrainTime);
        try
        {
            journal.SealTotals();
            await ShipNowAsync(limit.Token).ConfigureAwait(false);
            await positions.CloseAsync(journal.Id, journal.Tail, limit.Token).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            LogLeft(logger, exception, journal.Tail - Volatile.Read(ref _shippedOffset));
        }
    }
}
