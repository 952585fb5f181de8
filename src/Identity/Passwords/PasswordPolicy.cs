using Tollgate.Foundation;

namespace Tollgate.Identity.Passwords;

/// <summary>
/// Which passwords may be chosen: 8 to 128 characters of any kind, none that is on the list of common ones, and none that is hardly more than the product's name, the
/// person's or the address. No other rule: rules of composition make passwords that are easy to guess.
/// </summary>
internal static class PasswordPolicy
{
    // So much must be left when the words that anybody would try first are taken out.
    private const int OwnCharacters = 6;
    private const int ShortestWord = 4;

    /// <summary>Length only; what the person is called is not known here.</summary>
    public static void Check(Errors errors, string path, string? password)
    {
        if (string.IsNullOrEmpty(password))
            errors.Add(path, "REQUIRED", "This field is required.");
        else if (password.EnumerateRunes().Count() is < 8 or > 128)
            errors.Add(path, "PASSWORD_LENGTH", "Between 8 and 128 characters.");
    }

    /// <summary>Null for a password that may be chosen.</summary>
    public static Failure? Refusal(string path, string password, string email, string name)
    {
        if (CommonPasswords.Contains(password))
            return Failure.Invalid(path, "PASSWORD_COMMON", "This password is on lists that are used for guessing. Choose another one.");
        return IsOfContext(password, email, name)
            ? Failure.Invalid(path, "PASSWORD_GUESSABLE", "This is hardly more than your name, your address or ours. Choose another one.")
            : null;
    }

    private static bool IsOfContext(string password, string email, string name)
    {
        var left = password.ToLowerInvariant();
        var length = left.Length;
        var words = $"tollgate {email} {name}".ToLowerInvariant().Split([' ', '@', '.', '-', '_', '+'], StringSplitOptions.RemoveEmptyEntries)
            .Where(word => word.Length >= ShortestWord).OrderByDescending(word => word.Length);
        foreach (var word in words)
            left = left.Replace(word, "", StringComparison.Ordinal);
        return left.Length < length && left.Count(char.IsLetterOrDigit) < OwnCharacters;
    }
}
