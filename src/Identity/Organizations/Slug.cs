using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Tollgate.Foundation;

namespace Tollgate.Identity.Organizations;

/// <summary>The part of an address that names an organization. Some words are pages or routes and cannot be one.</summary>
internal static partial class Slug
{
    private const int MaximumLength = 40;

    private static readonly string[] Reserved = ["discover", "publish", "listings", "api", "_api", "auth", "platform", "v1", "metrics"];

    public static bool IsReserved(string slug) => Array.IndexOf(Reserved, slug) >= 0;

    public static void Validate(Errors errors, string path, string? slug)
    {
        errors.Text(path, slug, 2, MaximumLength);
        if (string.IsNullOrWhiteSpace(slug))
            return;
        errors.Check(Plain().IsMatch(slug), path, "SLUG_INVALID", "Lower-case letters and digits, with single hyphens between them.");
        errors.Check(!IsReserved(slug), path, "SLUG_RESERVED", "This word is an address of Tollgate itself.");
    }

    public static string WithTail(string slug) => $"{slug}-{RandomNumberGenerator.GetString("abcdefghjkmnpqrstvwxyz23456789", 5)}";

    /// <summary>Latin letters and digits of the name in lower case, all else a single hyphen; `team` when nothing is left.</summary>
    public static string From(string name)
    {
        var slug = new StringBuilder();
        foreach (var c in name.Normalize(NormalizationForm.FormD))
        {
            if (char.IsAsciiLetterOrDigit(c))
                slug.Append(char.ToLowerInvariant(c));
            else if (slug.Length > 0 && slug[^1] != '-' && System.Globalization.CharUnicodeInfo.GetUnicodeCategory(c) != System.Globalization.UnicodeCategory.NonSpacingMark)
                slug.Append('-');
            if (slug.Length == MaximumLength)
                break;
        }
        var text = slug.ToString().Trim('-');
        return text.Length == 0 ? "team" : text;
    }

    [GeneratedRegex(@"^[a-z0-9](-?[a-z0-9])*\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Plain();
}
