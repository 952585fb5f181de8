using System.Text.RegularExpressions;

namespace Tollgate.TestKit;

/// <summary>What no program may print, whatever a test does with it: asked of everything that a program has printed when its test is over.</summary>
public static partial class SecretsInLogs
{
    /// <summary>The password of every person in these tests.</summary>
    private const string Password = "correct horse battery staple";

    /// <exception cref="InvalidOperationException">A secret is in the text; its beginning is told, with the line's.</exception>
    public static void Refuse(string output)
    {
        ArgumentNullException.ThrowIfNull(output);
        if (Find(output) is { } found)
            throw new InvalidOperationException($"The program has printed a secret: {found}…");
    }

    /// <summary>
    /// The beginning of the first secret, null without one. Keys and tokens are known by their shapes; what is shown of them elsewhere is shorter. What has no shape (codes, the
    /// secrets of links, passwords) is known because the tests saw it handed out.
    /// </summary>
    public static string? Find(string output)
    {
        ArgumentNullException.ThrowIfNull(output);
        if (output.Contains(Password, StringComparison.Ordinal))
            return Password[..7];
        var match = Shapes().Match(output);
        return (match.Success ? match.Value : HandedOut.FindIn(output)) is { } found ? found[..Math.Min(16, found.Length)] : null;
    }

    // Consumer keys, API tokens and invitations, refresh tokens, and JSON Web Tokens.
    [GeneratedRegex(@"tg_(live|test)_[0-9A-Za-z]{36}|tg[pri]_[0-9A-Za-z_-]{30,}|eyJ[0-9A-Za-z_-]{15,}\.[0-9A-Za-z_-]{20,}\.[0-9A-Za-z_-]{20,}", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Shapes();
}
