namespace Tollgate.Metering.Journal;

/// <summary>
/// Records from an offset on, in order. It can be read into again: its records and their texts are then written over, so that shipping leaves nothing for the
/// collector, whose pauses calls would feel.
/// </summary>
internal sealed class JournalBatch
{
    private readonly List<JournalRecord> _records = [];
    private readonly List<JournalRecord> _made = [];
    private int _used;

    public IReadOnlyList<JournalRecord> Records => _records;

    /// <summary>Where the next read starts; equal to the asked offset when there is nothing new.</summary>
    public long NextOffset { get; set; }

    public TextBlocks Texts { get; } = new();

    public void Clear()
    {
        _records.Clear();
        _used = 0;
        Texts.Clear();
    }

    /// <summary>A record of the batch, to be written over as a whole.</summary>
    public JournalRecord Add()
    {
        if (_used == _made.Count)
            _made.Add(new JournalRecord());
        return Add(_made[_used++]);
    }

    public JournalRecord Add(JournalRecord record)
    {
        _records.Add(record);
        return record;
    }
}
