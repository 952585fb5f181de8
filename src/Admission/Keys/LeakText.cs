using System.Text.RegularExpressions;

namespace Tollgate.Admission.Keys;

/// <summary>What a reporter says of a place, as it may be kept: one short line without the keys that such a text often has in it.</summary>
internal static partial class LeakText
{
    private const int Longest = 500;

    public static string? Of(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
            return null;
        // In this order: neither what is taken out nor what is cut off may leave a part of a key.
        var masked = Key().Replace(new string([.. text.Where(c => !char.IsControl(c))]), "${prefix}…");
        return masked.Length <= Longest ? masked : masked[..Longest];
    }

    [GeneratedRegex(@"(?<prefix>tg_(live|test)_)\w+", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Key();
}
