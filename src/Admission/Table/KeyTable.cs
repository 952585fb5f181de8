using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Tollgate.Admission.Table;

/// <summary>
/// All keys of the node by digest: open addressing on the digest's first eight bytes into chunks of structs. One writer (the change feed), any number
/// of readers without a lock. An entry is complete before its number is published in the index; a full index is rebuilt aside and swapped, while the
/// chunks, and with them every reference to an entry, stay where they are. Keys are never taken out, so a probe never misses one that moved.
/// </summary>
internal sealed class KeyTable
{
    private volatile Places _index = new(1024);
    private readonly Chunks<KeyEntry> _entries = new();
    private readonly SparseChunks<long> _expiries = new();
    private readonly ConcurrentDictionary<int, KeyRestriction> _restrictions = new();

    public int Count => _entries.Count;

    /// <summary>Number of the entry with this digest, or -1.</summary>
    public int Find(ReadOnlySpan<byte> digest)
    {
        var index = _index;
        var number = index.At(StartOf(digest));
        for (var place = StartOf(digest) + 1; number >= 0 && !CryptographicOperations.FixedTimeEquals(At(number).Digest, digest); place++)
            number = index.At(place);
        return number;
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
        if (_index.HasRoomFor(number + 1))
            _index.Publish(StartOf(digest), number);
        else
            Grow();
        return number;
    }

    private void Grow()
    {
        var larger = new Places(_index.Length * 2);
        for (var number = 0; number < Count; number++)
            larger.Publish(StartOf(At(number).Digest), number);
        _index = larger;
    }

    private static int StartOf(ReadOnlySpan<byte> digest) => (int)(BinaryPrimitives.ReadUInt64LittleEndian(digest) & int.MaxValue);
}
