using System.Globalization;

namespace Tollgate.Catalog.Discovery;

/// <summary>
/// What a person has typed up to now. All of it is a web search (words, "phrases", -without, or); the last word may be unfinished and then also
/// matches what begins with it: <see cref="Head"/> is all before it.
/// </summary>
internal sealed record SearchText(string All, string Head, string? Prefix)
{
    public const int MaximumLength = 200;

    public static SearchText? From(string? text)
    {
        // A NUL is no character for PostgreSQL.
        var all = text?.Replace('\0', ' ').Trim();
        if (string.IsNullOrEmpty(all))
            return null;
        var start = all.Length;
        while (start > 0 && IsWordCharacter(all[start - 1]))
            start--;
        var word = all[start..];
        var operators = all.Contains('"', StringComparison.Ordinal) || (start > 0 && all[start - 1] == '-') || string.Equals(word, "or", StringComparison.OrdinalIgnoreCase);
        return new SearchText(all, all[..start], word.Length == 0 || operators ? null : word.ToLowerInvariant());
    }

    // Only these can go into a tsquery as they are.
    private static bool IsWordCharacter(char c) => char.IsLetterOrDigit(c) || CharUnicodeInfo.GetUnicodeCategory(c) == UnicodeCategory.NonSpacingMark;
}
