using System.Text.RegularExpressions;

namespace Tollgate.Portal.Tests;

/// <summary>What a person takes out of a mail.</summary>
internal static partial class Mails
{
    /// <summary>Has the shape of a link's secret, and is none.</summary>
    public const string WrongSecret = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    /// <summary>The path of its link: this browser came by the same address that the mail names, or by the machine's name.</summary>
    public static string LinkOf(string mail)
    {
        var link = new Uri(mail.Split('\n').Single(line => line.StartsWith("http", StringComparison.Ordinal)).Trim());
        return link.PathAndQuery + link.Fragment;
    }

    public static string CodeOf(string mail) => Code().Match(mail).Value;

    [GeneratedRegex(@"\d{4} \d{4}", RegexOptions.None, 1000)]
    private static partial Regex Code();
}
