using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Tollgate.Architecture.Tests;

/// <summary>What the guards read: the rank table of docs/architecture.md and the project files.</summary>
internal static partial class Repository
{
    public static string Root { get; } = Find();

    /// <summary>Module → (rank, schema), from the table in docs/architecture.md.</summary>
    public static IReadOnlyDictionary<string, (int Rank, string Schema)> Ranks { get; } =
        RankRow().Matches(File.ReadAllText(Path.Combine(Root, "docs", "architecture.md")))
            .ToDictionary(match => match.Groups["module"].Value, match => (int.Parse(match.Groups["rank"].Value), match.Groups["schema"].Value), StringComparer.Ordinal);

    public static IReadOnlyList<string> Modules { get; } = [.. Directory.GetDirectories(Path.Combine(Root, "src")).Select(folder => Path.GetFileName(folder)!).Order(StringComparer.Ordinal)];

    public static IReadOnlyList<string> References(string module) =>
        [.. XDocument.Load(Path.Combine(Root, "src", module, $"{module}.csproj")).Descendants("ProjectReference").Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value))];

    private static string Find([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", ".."));

    [GeneratedRegex(@"^\| (?<rank>\d) \| (?<module>\w+) \|.*\| (?<schema>[\w-]+) \|$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex RankRow();
}
