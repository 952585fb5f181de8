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

    // The items of levels 1 and 2: so many of each section, from its first on. What a section has beyond them is of level 3.
    private const string Items = """
        1.1:2 1.2:9 1.3:11 1.4:3 1.5:2 2.1:3 2.2:3 2.3:4 2.4:1 3.2:2 3.3:4 3.4:6 3.5:5 3.7:2 4.1:3 4.2:1 4.3:2 4.4:4 5.1:1 5.2:3 5.3:2 5.4:3 6.1:3 6.2:12 6.3:4 6.4:4 6.5:5 6.6:3 6.8:4
        7.1:3 7.2:4 7.3:2 7.4:5 7.5:2 7.6:2 8.1:2 8.2:3 8.3:1 8.4:1 9.1:3 9.2:4 10.1:2 10.2:2 10.3:4 10.4:11 10.5:5 10.6:2 10.7:3 11.1:2 11.2:3 11.3:3 11.4:4 11.5:1 11.6:1
        12.1:3 12.2:2 12.3:4 13.1:1 13.2:5 13.3:2 13.4:5 14.1:2 14.2:4 14.3:3 15.1:3 15.2:3 15.3:7 16.1:1 16.2:5 16.3:4 16.4:3 16.5:3 17.1:1 17.2:4 17.3:2
        """;

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
    public void EveryItemOfLevels1And2_HasARowOrAReasonWhyItCannotApply()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "security", "asvs.md"));
        var rows = Rows(page).SelectMany(row => row.Item.Split(", ")).ToList();
        rows.ShouldBeUnique();
        var not = NotApplicable(page[page.IndexOf("## Not applicable", StringComparison.Ordinal)..]).ToList();
        rows.Intersect(not, StringComparer.Ordinal).ShouldBeEmpty("met, and not applicable");
        var all = Sections().SelectMany(section => Enumerable.Range(1, section.Count).Select(number => $"{section.Name}.{number}")).ToList();
        all.Count.ShouldBe(253);
        all.Except(rows, StringComparer.Ordinal).Except(not, StringComparer.Ordinal).ShouldBeEmpty("neither a row nor not applicable");
    }

    // "1.2.6 to 1.2.8", "6.6.1", "4.3" (all of a section), "17" (all of a chapter).
    private static IEnumerable<string> NotApplicable(string text)
    {
        foreach (Match match in ItemOrRange().Matches(text))
        {
            var (first, last) = (match.Groups["first"].Value, match.Groups["last"].Value);
            if (first.Count(c => c == '.') < 2)
                foreach (var section in Sections().Where(section => section.Name == first || section.Name.StartsWith($"{first}.", StringComparison.Ordinal)))
                    for (var number = 1; number <= section.Count; number++)
                        yield return $"{section.Name}.{number}";
            else
                for (var number = NumberOf(first); number <= NumberOf(last.Length > 0 ? last : first); number++)
                    yield return $"{first[..first.LastIndexOf('.')]}.{number}";
        }
    }

    private static int NumberOf(string item) => int.Parse(item[(item.LastIndexOf('.') + 1)..], System.Globalization.CultureInfo.InvariantCulture);

    private static IEnumerable<(string Name, int Count)> Sections() => Items.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries).Select(text => text.Split(':'))
        .Select(parts => (parts[0], int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture)));

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

    [GeneratedRegex(@"(?<first>[0-9]+(\.[0-9]+){0,2})( to (?<last>[0-9]+\.[0-9]+\.[0-9]+))?", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ItemOrRange();

    [GeneratedRegex(@"\bclass (?<name>\w+Tests)\b", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Declared();
}
