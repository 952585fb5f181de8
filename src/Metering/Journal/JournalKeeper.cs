using Microsoft.Extensions.Logging;

namespace Tollgate.Metering.Journal;

/// <summary>
/// What would wait for the disk, on threads of its own: one makes the next segment, one brings the records to disk and closes what is full, and one keeps the pages ahead of
/// the writer warm, for neither of the others may be waited for there.
/// </summary>
internal sealed partial class JournalKeeper : IDisposable
{
    /// <summary>
    /// So much lies ready ahead of the writer: a quarter of a second at 50,000 calls a second. When half of it is used it is made ready again; all of a segment would count as
    /// this process's memory.
    /// </summary>
    public const int WarmBytes = 4 * 1024 * 1024;

    /// <summary>So many full segments may wait for the disk. No next one is made before there are fewer.</summary>
    public const int MaximumUnsealed = 3;

    private const int RetryMilliseconds = 200;
    private const int TouchAheadBytes = 256 * 1024;
    private readonly IJournalKept _journal;
    private readonly ILogger _logger;
    private readonly int _fsyncMilliseconds;
    private readonly AutoResetEvent _needSegment = new(false);
    private readonly AutoResetEvent _closing = new(false);
    private readonly Thread _preparer;
    private readonly Thread _flusher;
    private readonly AutoResetEvent _warming = new(false);
    private readonly Thread _warmer;
    private volatile bool _stopping;
    private volatile TaskCompletionSource _segmentThere = NotThereYet();
    private volatile bool _stuck;
    private volatile bool _late;
    private volatile int _failures;
    private long _flushedTo;

    public JournalKeeper(IJournalKept journal, int fsyncMilliseconds, ILogger logger)
    {
        (_journal, _fsyncMilliseconds, _logger) = (journal, fsyncMilliseconds, logger);
        _preparer = new Thread(Prepare) { IsBackground = true, Name = "journal-preparer" };
        _flusher = new Thread(KeepFlushed) { IsBackground = true, Name = "journal-flusher" };
        _warmer = new Thread(KeepWarm) { IsBackground = true, Name = "journal-warmer" };
    }

    /// <summary>No next segment can be made; it is tried again five times a second.</summary>
    public bool IsStuck => _stuck;

    /// <summary>The next segment has been waited for in vain: the disk does not answer. Nobody need wait before it is there.</summary>
    public bool IsLate => _late;

    /// <summary>How often a segment could not be made.</summary>
    public int Failures => _failures;

    /// <summary>Everything before this offset is on disk.</summary>
    public long FlushedTo => Volatile.Read(ref _flushedTo);

    public void Start()
    {
        _journal.Flush();
        _flushedTo = _journal.Tail;
        _preparer.Start();
        _flusher.Start();
        _warmer.Start();
        _needSegment.Set();
        _warming.Set();
    }

    /// <summary>Called under the journal's lock.</summary>
    public void Rotated()
    {
        if (_segmentThere.Task.IsCompleted)
            _segmentThere = NotThereYet();
        _needSegment.Set();
        _closing.Set();
    }

    /// <summary>A full segment is on disk.</summary>
    public void Sealed()
    {
        // The last ones are closed after the keeper's end.
        if (!_stopping)
            _needSegment.Set();
    }

    /// <summary>Called under the journal's lock: half of the warm pages are used.</summary>
    public void WarmAgain() => _warming.Set();

    /// <summary>Called under the journal's lock.</summary>
    public void Prepared()
    {
        // In this order: who gives up waiting says that it is late, and then looks whether it has come.
        _segmentThere.TrySetResult();
        _late = false;
    }

    /// <exception cref="JournalFullException">There will be none, or not in time.</exception>
    public async Task WaitForSegmentAsync(TimeSpan atMost)
    {
        ThrowIfStuck();
        if (_late)
            throw Late();
        var there = _segmentThere.Task;
        try
        {
            await there.WaitAsync(atMost).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            _late = true;
            if (there.IsCompleted)
                _late = false;
            throw Late();
        }
        ThrowIfStuck();
    }

    public void Dispose()
    {
        _stopping = true;
        _needSegment.Set();
        _closing.Set();
        _warming.Set();
        if (_preparer.IsAlive)
            _preparer.Join();
        if (_flusher.IsAlive)
            _flusher.Join();
        if (_warmer.IsAlive)
            _warmer.Join();
        _needSegment.Dispose();
        _closing.Dispose();
        _warming.Dispose();
        // Who waits finds the journal closed.
        _segmentThere.TrySetResult();
    }

    private void ThrowIfStuck()
    {
        if (_stuck)
            throw new JournalFullException("The usage journal cannot make its next segment: the disk is full or out of order.");
    }

    private static JournalFullException Late() => new("The usage journal's next segment was not made in time.");

    private static TaskCompletionSource NotThereYet() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Prepare()
    {
        while (!_stopping)
        {
            _needSegment.WaitOne(_stuck ? RetryMilliseconds : Timeout.Infinite);
            if (_stopping || !_journal.NeedsSegment)
                continue;
            try
            {
                _journal.PrepareSegment();
                if (_stuck)
                    LogWritable();
                _stuck = false;
            }
            catch (Exception e)
            {
                if (!_stuck)
                    LogStuck(e);
                _failures++;
                _stuck = true;
                // Who waits shall not wait in vain.
                _segmentThere.TrySetResult();
            }
        }
    }

    private void KeepFlushed()
    {
        while (!_stopping)
        {
            _closing.WaitOne(_fsyncMilliseconds);
            try
            {
                FlushOnce();
            }
            catch (Exception e)
            {
                LogFlushFailed(e);
                Thread.Sleep(RetryMilliseconds);
            }
        }
    }

    private void KeepWarm()
    {
        while (_warming.WaitOne() && !_stopping)
            _journal.WarmAhead(WarmBytes, writing: true);
    }

    private void FlushOnce()
    {
        var (from, tail) = (FlushedTo, _journal.Tail);
        if (tail == from)
        {
            // Nothing to write, yet the pages ahead must not grow cold: they are read, not made dirty again and again.
            _journal.WarmAhead(TouchAheadBytes, writing: false);
            return;
        }
        _journal.Flush();
        Volatile.Write(ref _flushedTo, tail);
        // Twice what the last interval took, so that a burst finds warm pages; beyond that the warmer looks after them.
        _journal.WarmAhead(Math.Clamp(2 * (tail - from), TouchAheadBytes, WarmBytes), writing: true);
    }

    [LoggerMessage(2101, LogLevel.Error, "The next segment of the usage journal cannot be made; calls that must be metered are refused when the current one is full")]
    private partial void LogStuck(Exception exception);

    [LoggerMessage(2102, LogLevel.Information, "The usage journal has its next segment again")]
    private partial void LogWritable();

    [LoggerMessage(2103, LogLevel.Error, "The usage journal could not be brought to disk")]
    private partial void LogFlushFailed(Exception exception);
}

/// <summary>What the keeper does for its journal.</summary>
internal interface IJournalKept
{
    long Tail { get; }

    bool NeedsSegment { get; }

    /// <exception cref="IOException">No room.</exception>
    void PrepareSegment();

    /// <summary>Brings all records to disk, and closes the segments that are full.</summary>
    void Flush();

    /// <summary>Makes the pages ahead of the writer present and, for writing, free of a fault.</summary>
    void WarmAhead(long bytes, bool writing);
}
