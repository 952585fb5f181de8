namespace Tollgate.Admission.Limits;

/// <summary>
/// The running month (or year) of one subscription in one word, so that it is worked out once and then read: 12 bits tag, 32 bits start in seconds since the Unix epoch, 20 bits
/// length in minutes. What the start has below a second is the anchor's. A frame that does not fit is not kept.
/// </summary>
internal static class AnchoredFrame
{
    public const int Tags = 1 << 12;
    private const int TagShift = 52;
    private const int StartShift = 20;
    private const ulong LengthMask = (1UL << StartShift) - 1;

    /// <summary>Nothing kept yet.</summary>
    public static ulong Empty(int tag) => (ulong)tag << TagShift;

    public static bool IsOf(ulong word, int tag) => word >> TagShift == (ulong)tag;

    public static ulong Pack(long start, long end, long anchor, int tag)
    {
        var seconds = (start - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerSecond;
        var minutes = (end - start) / TimeSpan.TicksPerMinute;
        if (seconds is < 0 or > uint.MaxValue || minutes is <= 0 or > (long)LengthMask)
            return Empty(tag);
        var word = Empty(tag) | ((ulong)seconds << StartShift) | (ulong)minutes;
        return TryRead(word, anchor, tag, out var from, out var to) && from == start && to == end ? word : Empty(tag);
    }

    public static bool TryRead(ulong word, long anchor, int tag, out long start, out long end)
    {
        start = DateTime.UnixEpoch.Ticks + (long)(uint)(word >> StartShift) * TimeSpan.TicksPerSecond + anchor % TimeSpan.TicksPerSecond;
        end = start + (long)(word & LengthMask) * TimeSpan.TicksPerMinute;
        return IsOf(word, tag) && end > start;
    }
}
