using System.Text.RegularExpressions;

namespace Tollgate.Architecture.Tests;

/// <summary>What the sources must not have, read from them: rules of docs/security/asvs.md that no running test could show.</summary>
public sealed partial class SourceRuleTests
{
    // None of these is a secret.
    private static readonly Dictionary<string, string> MayGuess = new(StringComparer.Ordinal)
    {
        ["src/Foundation/Postgres/Database.cs"] = "how long a lost transaction waits",
        ["src/Gateway/Forwarding/TraceContext.cs"] = "the id of a span",
        ["src/Gateway/Forwarding/RequestIds.cs"] = "the id of a request, which is shown to everybody",
    };

    [Fact]
    public void RandomNumbersOfSecrets_AreTheSystems() => Program().Where(file => Guessable().IsMatch(file.Text)).Select(file => file.Path).ShouldBe(MayGuess.Keys, ignoreOrder: true);

    // A place more is a place more to look at with care.
    [Fact]
    public void MemoryOfOurOwnAndCallsIntoTheSystem_AreWhereTheyAreKnown() =>
        Program().Where(file => Native().IsMatch(file.Text)).Select(file => Path.GetDirectoryName(file.Path)!).Distinct(StringComparer.Ordinal).ShouldBe(
            [
                "src/Admission/Table", "src/Foundation/Files", "src/Foundation/Hashing", "src/Foundation/Memory", "src/Foundation/Postgres/Embedded", "src/Gateway/Sockets", "src/Host/Startup",
                "src/Identity/Passwords", "src/Metering/Journal",
            ], ignoreOrder: true);

    [Fact]
    public void RegularExpressions_AreConstantsThatEnd()
    {
        var files = Program().ToList();
        files.Sum(file => Generated().Count(file.Text)).ShouldBeGreaterThan(10);
        files.SelectMany(Endless).ShouldBeEmpty();
    }

    [Fact]
    public void Processes_AreStartedWithoutAShell()
    {
        var starting = Program().Where(file => file.Text.Contains("ProcessStartInfo(", StringComparison.Ordinal)).ToList();
        starting.Select(file => file.Path).ShouldBe(["src/Foundation/Postgres/Embedded/ServerUser.cs"]);
        starting.ShouldAllBe(file => file.Text.Contains("UseShellExecute = false", StringComparison.Ordinal) && file.Text.Contains(".ArgumentList", StringComparison.Ordinal));
    }

    [Fact]
    public void Portal_MakesNoMarkupAndNoCodeOfText_AndKeepsNoTokens()
    {
        var files = Read("portal/src", "*.ts*").ToList();
        files.Count.ShouldBeGreaterThan(50);
        files.SelectMany(FaultsOfPage).ShouldBeEmpty();
    }

    // Masked, and left to whoever fills passwords in: a manager, or the clipboard.
    [Fact]
    public void Portal_PasswordsAreMasked_AndMayBePastedAndFilledIn()
    {
        var files = Read("portal/src", "*.tsx").ToList();
        var fields = files.Sum(file => PasswordField().Count(file.Text));
        fields.ShouldBeGreaterThan(4);
        files.Sum(file => MaskedField().Count(file.Text)).ShouldBe(fields);
        files.Where(file => Clipboard().IsMatch(file.Text)).Select(file => file.Path).ShouldBeEmpty();
    }

    [Fact]
    public void TheGuards_FindPlantedLines()
    {
        MaskedField().IsMatch("""<TextField name="password" type="text" autoComplete="off" />""").ShouldBeFalse();
        Clipboard().IsMatch("<input onPaste={refuse} />").ShouldBeTrue();
        FaultsOfPage(("a.tsx", """<p dangerouslySetInnerHTML={{ __html: text }} />; eval(text); localStorage.setItem("token", t); sessionStorage.setItem(kept, secret)""")).Count().ShouldBe(4);
        Endless(("a.cs", """new Regex(text); [GeneratedRegex("a+$", RegexOptions.None)] [GeneratedRegex(@"a+\z", RegexOptions.None, 100)] [GeneratedRegex(@"\{[^}]+\}", RegexOptions.NonBacktracking)]""")).Count().ShouldBe(2);
        Guessable().IsMatch("var code = Random.Shared.Next();").ShouldBeTrue();
        Guessable().IsMatch("var code = RandomNumberGenerator.GetBytes(8);").ShouldBeFalse();
    }

    // What a script may keep is how the page looks, whose things it shows, the page that a sign-in by mail leads back to, and the secret of the link that is being opened until it is used.
    private static IEnumerable<string> FaultsOfPage((string Path, string Text) file) =>
        Markup().Matches(file.Text).Select(match => $"{file.Path}: {match.Value}").Concat(Kept().Matches(file.Text).Where(match => !MayKeep(file.Path)).Select(match => $"{file.Path}: {match.Value}"));

    private static bool MayKeep(string path) => path is "portal/src/design/theme.ts" or "portal/src/session/organization.ts" or "portal/src/session/next.ts" or "portal/src/session/secret.ts";

    private static IEnumerable<string> Endless((string Path, string Text) file) =>
        Generated().Matches(file.Text).Select(match => match.Value).Where(text => !Ends().IsMatch(text)).Concat(Made().Matches(file.Text).Select(match => match.Value)).Select(text => $"{file.Path}: {text}");

    private static IEnumerable<(string Path, string Text)> Program() => Read("src", "*.cs");

    private static IEnumerable<(string Path, string Text)> Read(string folder, string pattern) => Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), pattern, SearchOption.AllDirectories)
        .Where(file => !file.Contains("/obj/", StringComparison.Ordinal)).Select(file => (Path.GetRelativePath(Repository.Root, file), File.ReadAllText(file)));

    [GeneratedRegex(@"\bRandom\.Shared\b|\bnew Random\(", RegexOptions.None, 1000)]
    private static partial Regex Guessable();

    [GeneratedRegex(@"\[GeneratedRegex\(.*?\)\](?=\s|$)", RegexOptions.None, 1000)]
    private static partial Regex Generated();

    [GeneratedRegex(@"\b(LibraryImport|DllImport|NativeMemory|AllocHGlobal|AcquirePointer)\b|\bunsafe (class|struct|static|void|ref|int|bool|partial|readonly)\b", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Native();

    // With a limit, or in a time that grows with the text alone.
    [GeneratedRegex(@", [0-9_]+\)\]$|NonBacktracking\)\]$", RegexOptions.None, 1000)]
    private static partial Regex Ends();

    [GeneratedRegex(@"\bnew Regex\(|\bRegex\.(IsMatch|Match|Matches|Replace|Split)\(", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Made();

    [GeneratedRegex(@"dangerouslySetInnerHTML|\b(inner|outer)HTML\b|insertAdjacentHTML|document\.write|\beval\(|new Function\(|srcdoc", RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase, 1000)]
    private static partial Regex Markup();

    [GeneratedRegex(@"name=""(current_)?password""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex PasswordField();

    [GeneratedRegex(@"name=""(current_)?password""\s+type=""password""\s+autoComplete=""(current|new)-password""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex MaskedField();

    [GeneratedRegex(@"\bon(Before)?(Paste|Copy|Cut)\b(?=\s*=)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Clipboard();

    [GeneratedRegex(@"\b(localStorage|sessionStorage|indexedDB)\b", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Kept();
}
