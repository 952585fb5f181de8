using Microsoft.Extensions.Logging;
using Tollgate.Admission.Deciding;
using Tollgate.Admission.Nodes;
using Tollgate.Foundation;
using Tollgate.Plans;

namespace Tollgate.Admission.Snapshot;

/// <summary>
/// <see cref="JournalCounters"/> on disk. The changed cells and the offset that they stand at are one block, so that they are there together or not at all. Where calls are counted
/// by Redis it is another file, so that neither is ever taken for the other.
/// </summary>
internal sealed partial class CounterFile(NodeOptions options, ILogger<CounterFile> logger) : IDisposable
{
    private const byte CellRecord = 1;
    private const byte PlaceRecord = 2;

    private const string OfAll = "counters";
    private const string OfReports = "reported";

    private readonly SnapshotFile _file = Open(options, options.Shared ? OfReports : OfAll, logger);
    private readonly SnapshotFile _other = Open(options, options.Shared ? OfAll : OfReports, logger);
    private readonly SnapshotBuffer _block = new();

    /// <summary>False when there is none of this journal.</summary>
    public bool Read(NodeState state, JournalCounters counters, Guid journal)
    {
        var found = Guid.Empty;
        var whole = _file.TryRead(block =>
        {
            var reader = new SnapshotReader(block);
            while (!reader.AtEnd)
            {
                if (reader.Byte() == CellRecord)
                    ReadCell(ref reader, state, counters);
                else
                    (found, counters.Offset) = (reader.Id(), reader.Int64());
            }
        });
        counters.Settled();
        return whole && found == journal;
    }

    /// <summary>Writes what has changed since the last time.</summary>
    public void Keep(NodeState state, JournalCounters counters, Guid journal)
    {
        if (_file.NeedsRewrite)
            Rewrite(state, counters, journal);
        else
        {
            foreach (var number in counters.Changed)
                Write(_block, state, counters, number);
            WritePlace(_block, counters, journal);
            _file.Append(_block);
            _block.Clear();
        }
        counters.Settled();
    }

    public void Flush() => _file.Flush();

    public void Remove() => _file.Remove();

    /// <summary>What was counted in the other way grows old from here on.</summary>
    public void RemoveOther() => _other.Remove();

    public void Dispose()
    {
        _file.Dispose();
        _other.Dispose();
    }

    private static SnapshotFile Open(NodeOptions options, string name, ILogger logger) => new(Path.Combine(options.Folder, name), name, 1, logger);

    private void Rewrite(NodeState state, JournalCounters counters, Guid journal)
    {
        try
        {
            using var rewrite = _file.Rewrite();
            for (var number = 0; number < counters.Cells; number++)
            {
                Write(rewrite.Records, state, counters, number);
                rewrite.Next();
            }
            WritePlace(rewrite.Records, counters, journal);
            rewrite.Commit();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // What is there misses what changed since: no counters are better than wrong ones.
            LogNotWritten(logger, exception);
            _file.Remove();
        }
    }

    private static void ReadCell(ref SnapshotReader reader, NodeState state, JournalCounters counters)
    {
        var slot = state.Subscribers.Ensure(reader.Id()).Slot;
        var (meter, windows) = (reader.Byte(), reader.Byte());
        foreach (var window in JournalCounters.Windows)
            if ((windows & (1 << (int)window)) != 0)
                counters.Set(slot, meter, window, (uint)reader.Int32(), reader.Int64());
    }

    private static void Write(SnapshotBuffer buffer, NodeState state, JournalCounters counters, int number)
    {
        ref var cell = ref counters.At(number);
        buffer.Byte(CellRecord);
        buffer.Id(state.Subscribers.At(cell.Slot).Id);
        buffer.Byte(cell.Meter);
        var windows = 0;
        foreach (var window in JournalCounters.Windows)
            windows |= counters.Of(number, window).Ordinal != 0 ? 1 << (int)window : 0;
        buffer.Byte((byte)windows);
        foreach (var window in JournalCounters.Windows)
        {
            var counted = counters.Of(number, window);
            if (counted.Ordinal == 0)
                continue;
            buffer.Int32((int)counted.Ordinal);
            buffer.Int64(counted.Used);
        }
    }

    private static void WritePlace(SnapshotBuffer buffer, JournalCounters counters, Guid journal)
    {
        buffer.Byte(PlaceRecord);
        buffer.Id(journal);
        buffer.Int64(counters.Offset);
    }

    [LoggerMessage(402, LogLevel.Error, "The counters could not be written; until they are, a start builds them from PostgreSQL")]
    private static partial void LogNotWritten(ILogger logger, Exception exception);
}
