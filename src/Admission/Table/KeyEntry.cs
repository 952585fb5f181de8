using System.Runtime.CompilerServices;

namespace Tollgate.Admission.Table;

internal enum KeyState
{
    Active,
    Revoked,

    /// <summary>The row is gone: the key is as unknown as one that never was.</summary>
    Deleted,
}

[InlineArray(32)]
internal struct KeyDigest
{
    private byte _first;
}

/// <summary>
/// One key, 64 bytes, no object. Digest, id and subscriber are written before the entry is published and never again; the other fields are single
/// words that change in place.
/// </summary>
internal struct KeyEntry
{
    public KeyDigest Digest;
    public Guid KeyId;
    public int Subscriber;

    /// <summary>A <see cref="KeyState"/>, and <see cref="Restricted"/> and <see cref="Expires"/> where more must be asked than that.</summary>
    public int State;

    /// <summary>UTC ticks of a recent use, to the minute; read by the batch that writes last_used_at.</summary>
    public long LastUsed;

    /// <summary>In <see cref="State"/>: the key has a <see cref="KeyRestriction"/>.</summary>
    public const int Restricted = 0x100;

    /// <summary>In <see cref="State"/>: the key expires, see <see cref="KeyTable.ExpiresAt"/>.</summary>
    public const int Expires = 0x200;

    public static KeyState StateOf(int word) => (KeyState)(word & 0xFF);
}
