using System.Globalization;
using System.Text;
using Tollgate.Foundation;

namespace Tollgate.Identity.Accounts;

/// <summary>
/// What may become an account's address, or be invited: one that every mail server understands as it stands (RFC 5321 without quotes, comments and address literals).
/// Letters beyond ASCII are letters (RFC 6531); what cannot be seen, or changes how the rest is read, is none. Whether a mailbox is there, only a mail can tell.
/// </summary>
internal static class EmailAddress
{
    private const int Longest = 254;
    private const int LongestLocal = 64;
    private const int LongestLabel = 63;

    public static void Check(Errors errors, string? email)
    {
        errors.Text("email", email, 3, Longest);
        if (string.IsNullOrWhiteSpace(email))
            return;
        var address = email.Trim();
        var at = address.LastIndexOf('@');
        // No mail reaches `invalid` (RFC 2606), and deleted accounts have addresses there.
        var valid = at > 0 && IsLocal(address[..at]) && IsDomain(address[(at + 1)..]) && AccountStore.Normalize(address).EnumerateRunes().All(IsSettled);
        errors.Check(valid, "email", "EMAIL_INVALID", "This is not an e-mail address.");
    }

    private static bool IsLocal(string text) => text.Length <= LongestLocal && text.Split('.').All(part => part.Length > 0 && part.EnumerateRunes().All(rune => IsLetterOrDigit(rune) || (rune.IsAscii && "!#$%&'*+-/=?^_`{|}~".Contains((char)rune.Value, StringComparison.Ordinal))));

    private static bool IsDomain(string text)
    {
        var labels = text.Split('.');
        return !string.Equals(labels[^1], "invalid", StringComparison.OrdinalIgnoreCase) && labels.All(label =>
            label.Length is > 0 and <= LongestLabel && label[0] != '-' && label[^1] != '-' && label.EnumerateRunes().All(rune => rune.Value == '-' || IsLetterOrDigit(rune)));
    }

    private static bool IsLetterOrDigit(Rune rune) => rune.IsAscii
        ? char.IsAsciiLetterOrDigit((char)rune.Value)
        : Rune.GetUnicodeCategory(rune) is UnicodeCategory.LowercaseLetter or UnicodeCategory.UppercaseLetter or UnicodeCategory.OtherLetter or UnicodeCategory.ModifierLetter
            or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.DecimalDigitNumber;

    // The database keeps addresses in lower case: a letter that has none there, though it is no small one, could be had twice.
    private static bool IsSettled(Rune rune) => rune.IsAscii || Rune.GetUnicodeCategory(rune) != UnicodeCategory.UppercaseLetter;
}
