using System.Buffers.Binary;
using System.Net;

namespace Tollgate.Admission.Table;

/// <summary>Addresses from one to another, as numbers of IPv6; an IPv4 address is its mapped one.</summary>
internal readonly record struct AddressRange(UInt128 First, UInt128 Last)
{
    private const ulong MappedPrefix = 0xFFFF_0000_0000;

    public static AddressRange Of(IPNetwork network)
    {
        var bits = network.PrefixLength + (network.BaseAddress.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? 96 : 0);
        var first = NumberOf(network.BaseAddress);
        return new AddressRange(first, first | (bits == 128 ? 0 : UInt128.MaxValue >> bits));
    }

    public static UInt128 NumberOf(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var length);
        return length == 4 ? MappedPrefix | BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }
}

/// <summary>What one key may not, where its owner has said so. Few keys have one, so it is an object beside the table; empty lists restrict nothing.</summary>
internal sealed class KeyRestriction(Guid[] operations, AddressRange[] addresses)
{
    public ReadOnlySpan<Guid> Operations => operations;

    public ReadOnlySpan<AddressRange> Addresses => addresses;

    public static KeyRestriction? Of(Guid[]? operations, string[]? networks) => operations is null && networks is null
        ? null
        : new KeyRestriction(operations ?? [], [.. (networks ?? []).Select(network => AddressRange.Of(IPNetwork.Parse(network)))]);

    /// <summary>A call of no operation that the API has described is none that was allowed.</summary>
    public bool AllowsOperation(Guid operation) => operations.Length == 0 || (operation != Guid.Empty && Array.IndexOf(operations, operation) >= 0);

    /// <summary>An address that is not known is none that was allowed.</summary>
    public bool AllowsAddress(IPAddress? address)
    {
        if (addresses.Length == 0)
            return true;
        if (address is null)
            return false;
        var number = AddressRange.NumberOf(address);
        foreach (ref readonly var range in addresses.AsSpan())
            if (number >= range.First && number <= range.Last)
                return true;
        return false;
    }
}
