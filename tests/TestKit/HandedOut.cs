using System.Buffers;
using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace Tollgate.TestKit;

/// <summary>
/// Every code, token, link and password that the tests of this suite have seen given out or taken: in mails, in answers, in requests that were right. No log may hold
/// one (<see cref="SecretsInLogs"/>). They stand in a file beside the suite too, for whoever searches what the suite itself has printed.
/// </summary>
public static partial class HandedOut
{
    // What is shorter is found anywhere.
    private const int Shortest = 6;

    // Of what is this short, a part of something longer is none.
    private const int Short = 16;

    private static readonly string File = Path.Combine(AppContext.BaseDirectory, "handed-out.txt");
    private static readonly ConcurrentDictionary<string, string> Secrets = new(StringComparer.Ordinal);
    private static readonly Lock Writing = new();

    static HandedOut() => System.IO.File.Delete(File);

    /// <summary>What has been seen so far, by kind: the name under which it was given.</summary>
    public static IReadOnlyCollection<string> Kinds => [.. Secrets.Values.Distinct(StringComparer.Ordinal)];

    public static void Remember(string kind, string? secret)
    {
        if (secret is null || secret.Length < Shortest || !Secrets.TryAdd(secret, kind))
            return;
        lock (Writing)
            System.IO.File.AppendAllText(File, secret + "\n");
        // As a person types it: without what was put between its groups.
        if (kind is "code" or "recovery_codes")
            Remember(kind, secret.Replace(" ", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal));
    }

    /// <summary>The code and the secret of the link in the text of a mail.</summary>
    public static void RememberMail(string text)
    {
        foreach (Match code in Code().Matches(text))
            Remember("code", code.Value);
        foreach (Match link in Link().Matches(text))
            Remember("link", link.Groups["secret"].Value);
    }

    /// <summary>The first secret in a text; null without one.</summary>
    public static string? FindIn(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] known = [.. Secrets.Keys];
        var search = SearchValues.Create(known, StringComparison.Ordinal);
        for (var at = 0; at < text.Length; at++)
        {
            var next = text.AsSpan(at).IndexOfAny(search);
            if (next < 0)
                return null;
            at += next;
            if (Array.Find(known, secret => string.CompareOrdinal(text, at, secret, 0, secret.Length) == 0 && StandsAlone(text, at, secret.Length)) is { } found)
                return found;
        }
        return null;
    }

    private static bool StandsAlone(string text, int at, int length) => length >= Short
        || ((at == 0 || !Belongs(text[at - 1])) && (at + length == text.Length || !char.IsAsciiLetterOrDigit(text[at + length])));

    // Six digits are also a process's number, or a part of a time or an address.
    private static bool Belongs(char before) => char.IsAsciiLetterOrDigit(before) || before is '.' or ':' or '-' or '[' or '_';

    [GeneratedRegex(@"\b[0-9]{4} [0-9]{4}\b", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Code();

    [GeneratedRegex(@"https?://\S+#(?<secret>[0-9A-Za-z_-]{20,})", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Link();
}
