using System.Text;

namespace Tollgate.Gateway.Wire;

/// <summary>Values of fields as bytes.</summary>
internal static class FieldValue
{
    /// <summary>Whether a comma-separated list (RFC 9110 5.6.1) has this element, in any case.</summary>
    public static bool Lists(ReadOnlySpan<byte> list, ReadOnlySpan<byte> element)
    {
        foreach (var part in list.Split((byte)','))
            if (Ascii.EqualsIgnoreCase(list[part].Trim(" \t"u8), element))
                return true;
        return false;
    }
}
