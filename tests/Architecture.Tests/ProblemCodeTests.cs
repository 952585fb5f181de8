using System.Text.RegularExpressions;

namespace Tollgate.Architecture.Tests;

/// <summary>The type of a problem leads to its place in docs/problems.html, so every code has one.</summary>
public sealed partial class ProblemCodeTests
{
    [Fact]
    public void EveryCode_HasItsPlaceOnThePage()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "problems.html"));
        var codes = Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.cs", SearchOption.AllDirectories).SelectMany(file => Codes(File.ReadAllText(file))).Distinct(StringComparer.Ordinal).ToList();
        codes.Count.ShouldBeGreaterThan(40);
        codes.Where(code => !page.Contains($"id=\"{code.ToLowerInvariant().Replace('_', '-')}\"", StringComparison.Ordinal)).ShouldBeEmpty();
    }

    [Fact]
    public void TheGuard_FindsAPlantedCode() =>
        Codes("""return Failure.Conflict("PLANTED_CODE", "x"); throw new Problem(503, "PLANTED_TOO", "y");""").ShouldBe(["PLANTED_CODE", "PLANTED_TOO"]);

    private static IEnumerable<string> Codes(string source) => Made().Matches(source).Select(match => match.Groups["code"].Value);

    [GeneratedRegex("(Conflict\\(|FailureKind\\.\\w+, |Problem\\(\\d+, |new\\(\\d+, |Code = )\"(?<code>[A-Z]+(_[A-Z]+)+)\"", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Made();
}
