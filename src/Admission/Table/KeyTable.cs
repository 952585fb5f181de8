using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using Tollgate.Foundation;

namespace Tollgate.Admission.Table;

/// <summary>
/// All keys of the node by digest: open addressing on the digest's first eight bytes into chunks of structs. One writer (the change feed), any number
/// of readers without a lock. An entry is complete before its number is published in the index; a full index is rebuilt aside and swapped, while the
/// chunks, and with them every reference to an entry, stay where they are. Keys are never taken out, so a probe never misses one that moved.
/// </summary>
internal sealed class KeyTable
{
    // 0 = free, else number of the entry plus one. At most half full, so that a probe ends soon, and always ends.
    private volatile int[] _index = new int[1024];
    private readonly Chunks<KeyEntry> _entries = new();
    private readonly SparseChunks<long> _expiries = new();
    private readonly ConcurrentDictionary<int, KeyRestriction> _restrictions = new();

    public int Count => _entries.Count;

    /// <summary>Number of the entry with this digest, or -1.</summary>
    public int Find(ReadOnlySpan<byte> digest)
    {
        var index = _index;
        var mask = index.Length - 1;
        for (var place = StartOf(digest) & mask; ; place = (place + 1) & mask)
        {
            var number = Volatile.Read(ref index[place]) - 1;
            if (number < 0)
                return -1;
            if (CryptographicOperations.FixedTimeEquals(At(number).Digest, digest))
                return number;
        }
    }

    public ref KeyEntry At(int number) => ref _entries[number];

    /// <summary>UTC ticks; long.MaxValue when it does not expire. By the state that was read of the key.</summary>
    public long ExpiresAt(int number, int word) => (word & KeyEntry.Expires) != 0 ? Volatile.Read(ref _expiries[number]) : long.MaxValue;

    /// <summary>Of a key whose state has the flag. Null when it was lifted just now.</summary>
    public KeyRestriction? RestrictionOf(int number) => _restrictions.GetValueOrDefault(number);

    /// <summary>Adds a key or brings the state of a known one up to date. For the one writer.</summary>
    public int Put(Guid keyId, ReadOnlySpan<byte> digest, int subscriber, KeyState state, long expiresAt, KeyRestriction? restriction = null)
    {
        var number = Find(digest);
        if (number >= 0)
        {
            ref var known = ref At(number);
            Restrict(number, expiresAt, restriction);
            Volatile.Write(ref known.State, Word(state, expiresAt, restriction));
            if (restriction is null)
                _restrictions.TryRemove(number, out _);
            return number;
        }
        return Add(keyId, digest, subscriber, state, expiresAt, restriction);
    }

    /// <summary>For the one writer.</summary>
    public void SetState(int number, KeyState state) => Volatile.Write(ref At(number).State, (int)state);

    // What restricts a key is there before its flag can be seen.
    private void Restrict(int number, long expiresAt, KeyRestriction? restriction)
    {
        if (expiresAt != long.MaxValue)
            Volatile.Write(ref _expiries.Ensure(number), expiresAt);
        if (restriction is not null)
            _restrictions[number] = restriction;
    }

    private static int Word(KeyState state, long expiresAt, KeyRestriction? restriction) =>
        (int)state | (restriction is null ? 0 : KeyEntry.Restricted) | (expiresAt == long.MaxValue ? 0 : KeyEntry.Expires);

    private int Add(Guid keyId, ReadOnlySpan<byte> digest, int subscriber, KeyState state, long expiresAt, KeyRestriction? restriction)
    {
        var entry = new KeyEntry { KeyId = keyId, Subscriber = subscriber, State = Word(state, expiresAt, restriction) };
        digest.CopyTo(entry.Digest);
        Restrict(_entries.Count, expiresAt, restriction);
        var number = _entries.Add(entry);
        if ((number + 1) * 2 > _index.Length)
            Grow();
        else
            Publish(_index, digest, number);
        return number;
    }

    private void Grow()
    {
        var larger = LargeArrays.MakeCleared<int>(_index.Length * 2);
        for (var number = 0; number < Count; number++)
            Publish(larger, At(number).Digest, number);
        _index = larger;
    }

    private static void Publish(int[] index, ReadOnlySpan<byte> digest, int number)
    {
        var mask = index.Length - 1;
        var place = StartOf(digest) & mask;
        while (index[place] != 0)
            place = (place + 1) & mask;
        Volatile.Write(ref index[place], number + 1);
    }

    private static int StartOf(ReadOnlySpan<byte> digest) => (int)(BinaryPrimitives.ReadUInt64LittleEndian(digest) & int.MaxValue);
}
