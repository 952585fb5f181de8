using System.Text.RegularExpressions;

namespace Tollgate.Architecture.Tests;

/// <summary>docs/security/asvs.md names for every item a test or a place that meets it. Each that is named must be there, and every row must name one or be open with a reason.</summary>
public sealed partial class SecurityPageTests
{
    // Names of others' things, or of the page itself.
    private static readonly HashSet<string> NotOurs = new(StringComparer.Ordinal)
    {
        "PostgreSQL", "OpenAPI", "OpenID", "WebSocket", "TypeScript", "JavaScript", "GraphQL", "WebRTC", "WebAuthn", "URLSearchParams", "RandomNumberGenerator", "SameSite", "HttpOnly", "XPath", "LaTeX", "TypeIDs",
    };

    private static readonly Lazy<string> Sources = new(() => Read("src"));
    private static readonly Lazy<Dictionary<string, string>> Tests = new(ReadTests);

    [Fact]
    public void EveryRow_NamesWhatIsThere()
    {
        var rows = Rows(File.ReadAllText(Path.Combine(Repository.Root, "docs", "security", "asvs.md"))).ToList();
        rows.Count.ShouldBeGreaterThan(100);
        rows.Sum(row => ClassAndMethods().Count(row.Text)).ShouldBeGreaterThan(60);
        rows.SelectMany(Faults).ShouldBeEmpty();
    }

    [Fact]
    public void TheGuard_FindsPlantedRows() => Rows("""
        | item | what | met by |
        | --- | --- | --- |
        | 1.1 | a class | GoneTests |
        | 1.2 | a method | SecurityPageTests EveryRow_NamesWhatIsThere, No_SuchMethod |
        | 1.3 | a path | docs/security/gone.md |
        | 1.4 | a type | NoSuchType |
        | 1.5 | words alone | we are careful |
        | 1.6 | open | *open*: nobody has done it |
        | 1.7 | right | SecurityPageTests TheGuard_FindsPlantedRows; docs/security/asvs.md; RankTests |
        """).SelectMany(Faults).ShouldBe(
        [
            "1.1: there are no GoneTests", "1.2: SecurityPageTests has no test No_SuchMethod", "1.3: there is no docs/security/gone.md", "1.4: there is no NoSuchType",
            "1.5: names no test and no place",
        ]);

    private static IEnumerable<string> Faults((string Item, string Text) row)
    {
        var (item, text) = row;
        var named = text.Contains("*open*", StringComparison.Ordinal) ? 1 : 0;
        foreach (Match match in ClassAndMethods().Matches(text))
        {
            named++;
            var name = match.Groups["class"].Value;
            if (!Tests.Value.TryGetValue(name, out var source))
                yield return $"{item}: there are no {name}";
            else
                foreach (var method in match.Groups["method"].Captures.Select(capture => capture.Value).Where(method => !source.Contains($" {method}(", StringComparison.Ordinal)))
                    yield return $"{item}: {name} has no test {method}";
        }
        foreach (Match match in PathName().Matches(text))
        {
            named++;
            var path = match.Value.TrimEnd('.', ',');
            if (!Path.Exists(Path.Combine(Repository.Root, path)))
                yield return $"{item}: there is no {path}";
        }
        foreach (var name in TypeName().Matches(text).Select(match => match.Value).Where(name => !name.EndsWith("Tests", StringComparison.Ordinal) && !NotOurs.Contains(name)))
        {
            named++;
            if (!Regex.IsMatch(Sources.Value, $@"\b(class|record|enum|struct|interface) {name}\b| {name}[(<]", RegexOptions.None, TimeSpan.FromSeconds(5)))
                yield return $"{item}: there is no {name}";
        }
        if (named == 0)
            yield return $"{item}: names no test and no place";
    }

    private static IEnumerable<(string Item, string Text)> Rows(string page) => page.ReplaceLineEndings("\n").Split('\n')
        .Select(line => line.Split(" | ", 3)).Where(cells => cells.Length == 3 && cells[0].StartsWith("| ", StringComparison.Ordinal) && char.IsAsciiDigit(cells[0][2]))
        .Select(cells => (cells[0][2..], cells[2]));

    private static Dictionary<string, string> ReadTests()
    {
        var classes = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var file in Files("tests"))
        {
            var text = File.ReadAllText(file);
            foreach (var name in Declared().Matches(text).Select(match => match.Groups["name"].Value))
                classes[name] = classes.GetValueOrDefault(name, "") + text;
        }
        return classes;
    }

    private static string Read(string folder) => string.Concat(Files(folder).Select(File.ReadAllText));

    private static IEnumerable<string> Files(string folder) => Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.cs", SearchOption.AllDirectories).Where(file => !file.Contains("/obj/", StringComparison.Ordinal));

    [GeneratedRegex(@"\b(?<class>[A-Z]\w*Tests)\b(?!\.)((,| and)? (?<method>[A-Z]\w*_\w+))*", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ClassAndMethods();

    [GeneratedRegex(@"\b(src|docs|scripts|tests|portal|deploy)/[\w./-]*", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex PathName();

    [GeneratedRegex(@"(?<![\w./])[A-Z][a-z0-9]+([A-Z][a-z0-9]*)+\b(?!_|\.Tests)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex TypeName();

    [GeneratedRegex(@"\bclass (?<name>\w+Tests)\b", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Declared();
}
