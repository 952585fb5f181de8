namespace Tollgate.Admission.Limits;

/// <summary>What a subscription has for as long as the process lives, 32 bytes.</summary>
internal struct SubscriberEntry
{
    public Guid Id;

    /// <summary>The row of its terms plus one, and above it a number that no two settings share; 0 when it has none.</summary>
    public ulong Row;

    /// <summary>Its cells, see <see cref="CellStore"/>.</summary>
    public int Cells;

    public int InFlight;
}

/// <summary>
/// What is a subscription's own of its terms, 40 bytes. Written whole before an entry points to it and never again while one does; a row that no entry points to any
/// more is used again, so whoever has read one looks again whether the entry still points to it.
/// </summary>
internal struct TermsRow
{
    public Guid OrganizationId;

    /// <summary>UTC ticks.</summary>
    public long Anchor;

    /// <summary>The running month from the anchor on, see <see cref="AnchoredFrame"/>.</summary>
    public ulong Month;

    /// <summary>Number in the <see cref="PlanTable"/>.</summary>
    public int Plan;

    /// <summary>How often the row was used, modulo 4096: whoever keeps a frame here must have read this row's, not those of one before.</summary>
    public ushort Tag;

    /// <summary>A <see cref="Limits.Validity"/>.</summary>
    public byte Validity;
}

/// <summary>Until when terms are in force.</summary>
internal enum Validity : byte
{
    NotActive,
    WithoutEnd,

    /// <summary>Until the time that is kept beside the rows.</summary>
    UntilItsEnd,
}
