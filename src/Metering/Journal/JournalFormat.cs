using System.Numerics;

namespace Tollgate.Metering.Journal;

/// <summary>The layout of the journal on disk; README.md in this folder has the table. All numbers are little-endian.</summary>
internal static unsafe class JournalFormat
{
    /// <summary>What is written. A program of version N reads N and N−1; version 1 is the first, so it reads only itself.</summary>
    public const byte Version = 1;
    public const byte OldestReadableVersion = 1;

    public const int SegmentHeaderBytes = 64;
    public const int RecordHeaderBytes = 24;
    public const int EventFixedBytes = 232;
    public const int MethodBytes = 16;
    public const int PathBytes = 256;
    public const int TotalBytes = 32;

    /// <summary>Billable counts that one totals record holds at most; the counter is sealed when it has as many.</summary>
    public const int TotalsPerRecord = 1024;
    public const int MaximumEventRecord = RecordHeaderBytes + EventFixedBytes + MethodBytes + PathBytes;
    public const int CheckpointRecord = RecordHeaderBytes + 64;
    public const int MaximumRecord = RecordHeaderBytes + TotalsPerRecord * TotalBytes;

    // Places in a record's header.
    public const int LengthAt = 0;
    public const int CrcAt = 4;
    public const int KindAt = 8;
    public const int VersionAt = 9;
    public const int BeginAt = 16;

    /// <summary>CRC32C of all that follows the checksum; length and place are mixed in by <see cref="Seal"/>, so that this part needs no lock.</summary>
    public static uint Checksum(byte* record, int length)
    {
        var crc = uint.MaxValue;
        for (var at = KindAt; at < length; at += 8)
            crc = BitOperations.Crc32C(crc, *(ulong*)(record + at));
        return crc;
    }

    /// <summary>A record is valid only at its own place: a stale copy elsewhere never is.</summary>
    public static uint Seal(uint checksum, int length, long offset) =>
        ~BitOperations.Crc32C(BitOperations.Crc32C(checksum, (ulong)offset), (uint)length);

    /// <summary>Length of the record at <paramref name="position"/>, or 0 when there is no valid one that ends by <paramref name="limit"/>.</summary>
    public static int ValidLength(byte* segment, int position, int limit, long segmentOffset)
    {
        if (limit - position < RecordHeaderBytes)
            return 0;
        var record = segment + position;
        var length = Volatile.Read(ref *(int*)(record + LengthAt));
        if (length < RecordHeaderBytes || length > MaximumRecord || (length & 7) != 0 || length > limit - position)
            return 0;
        return *(uint*)(record + CrcAt) == Seal(Checksum(record, length), length, segmentOffset + position) ? length : 0;
    }

    /// <summary>First valid record after a place that holds none; −1 when there is none up to the limit.</summary>
    public static int Resync(byte* segment, int position, int limit, long segmentOffset)
    {
        for (var at = position + 8; at <= limit - RecordHeaderBytes; at += 8)
        {
            at += SkipZeros(segment, at, limit) & ~7;
            if (ValidLength(segment, at, limit, segmentOffset) > 0)
                return at;
        }
        return -1;
    }

    public static bool IsZero(byte* segment, int position, int limit) => SkipZeros(segment, position, limit) == limit - position;

    public static void RequireReadable(byte version, long offset)
    {
        if (version is > Version or < OldestReadableVersion)
            RequireReadable(version, $"The record at {offset}");
    }

    public static void RequireReadable(byte version, string what)
    {
        if (version > Version)
            throw new JournalFormatException($"{what} has journal format {version}; this program knows formats up to {Version}. Start the newer program, or let it ship and empty the journal first.");
        if (version < OldestReadableVersion)
            throw new JournalFormatException($"{what} has journal format {version}; this program reads formats from {OldestReadableVersion} to {Version}.");
    }

    private static int SkipZeros(byte* segment, int position, int limit)
    {
        if (position >= limit)
            return 0;
        var index = new ReadOnlySpan<byte>(segment + position, limit - position).IndexOfAnyExcept((byte)0);
        return index < 0 ? limit - position : index;
    }
}

internal sealed class JournalFormatException(string message) : Exception(message);
