namespace Tollgate.Metering;

/// <summary>
/// The local append-only file where usage events are safe before the answer leaves: a record that was appended survives kill -9 of the process.
/// Thread-safe; nothing here waits for the database, and for the disk only those who may: a thread that others wait for uses what begins with Try.
/// </summary>
public interface IUsageJournal
{
    /// <summary>
    /// False when no record can be taken (disk full): a node that must not serve unmetered calls refuses them (setting Journal__WhenFull).
    /// </summary>
    bool Writable { get; }

    /// <summary>A complete answer, in one record. Call it before the first byte of the answer leaves. Waits some seconds for a next segment that is being made.</summary>
    /// <exception cref="JournalFullException">Nothing was written.</exception>
    void Append(in UsageEvent usage);

    /// <summary>As <see cref="Append"/>, and never waits: false when there is no room, and nothing was written. <see cref="WaitForSegmentAsync"/> tells when to try again.</summary>
    bool TryAppend(in UsageEvent usage);

    /// <summary>
    /// The begin of a stream, before its first byte leaves. What is known by now is the whole event should the process die; it is then closed as
    /// <see cref="UsageOutcome.Interrupted"/> with the amounts of the last checkpoint.
    /// </summary>
    /// <exception cref="JournalFullException">Nothing was written.</exception>
    OpenUsage Begin(in UsageEvent usage);

    /// <summary>As <see cref="Begin"/>, and never waits: false when there is no room, and nothing was written.</summary>
    /// <exception cref="JournalFullException">Too many streams are open.</exception>
    bool TryBegin(in UsageEvent usage, out OpenUsage open);

    /// <summary>Ends when the next segment is there; no thread waits for it. Whoever comes late may find it full again.</summary>
    /// <exception cref="JournalFullException">None can be made, or it has been waited for too long.</exception>
    Task WaitForSegmentAsync();

    /// <summary>The amounts of an open stream so far; once each 10 s.</summary>
    void Checkpoint(OpenUsage open, long durationMicros, long bytesIn, long bytesOut, in MeterAmounts amounts);

    /// <summary>The end of a stream: status, outcome, billable, bytes, durations and amounts replace those of the begin.</summary>
    void End(OpenUsage open, in UsageEvent usage);
}

/// <summary>A stream that has begun and not ended: its place in the journal is the event's id.</summary>
public readonly record struct OpenUsage(long Offset);

public sealed class JournalFullException : IOException
{
    public JournalFullException()
        : base("The usage journal cannot take a record.")
    {
    }

    public JournalFullException(string message)
        : base(message)
    {
    }

    public JournalFullException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
