using System.Text.RegularExpressions;

namespace Tollgate.Architecture.Tests;

/// <summary>A module's SQL names its own schema, and of Foundation's only the documented functions.</summary>
public sealed partial class SqlScopeTests
{
    private static readonly string[] SharedFunctions = ["foundation.current_organizations", "foundation.current_account", "foundation.current_operator", "foundation.record_change"];

    [Fact]
    public void Sql_NamesItsOwnSchemaOnly() => Repository.Modules.SelectMany(module => SqlOf(module).SelectMany(sql => Foreign(module, sql.Text).Select(name => $"{sql.File}: {name}"))).ShouldBeEmpty();

    [Fact]
    public void TheGuard_FindsAPlantedForeignTable() =>
        Foreign("Plans", "SELECT * FROM plans.plan JOIN identity.account a ON foundation.current_account() = a.id").ShouldBe(["identity.account"]);

    private static IEnumerable<string> Foreign(string module, string sql)
    {
        var own = Repository.Ranks[module].Schema;
        var schemas = Repository.Ranks.Values.Select(rank => rank.Schema).Where(schema => schema != "-" && schema != own);
        return schemas.SelectMany(schema => Regex.Matches(sql, $@"\b{schema}\.[a-z_]+", RegexOptions.None, TimeSpan.FromSeconds(1)).Select(match => match.Value)).Except(SharedFunctions, StringComparer.Ordinal);
    }

    private static IEnumerable<(string File, string Text)> SqlOf(string module)
    {
        var folder = Path.Combine(Repository.Root, "src", module);
        foreach (var file in Directory.EnumerateFiles(folder, "*.sql", SearchOption.AllDirectories))
            yield return (Path.GetRelativePath(Repository.Root, file), WithoutComments(File.ReadAllText(file)));
        foreach (var file in Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories))
            foreach (Match literal in SqlLiteral().Matches(File.ReadAllText(file)))
                yield return (Path.GetRelativePath(Repository.Root, file), literal.Value);
    }

    private static string WithoutComments(string sql) => string.Join('\n', sql.Split('\n').Select(line => line.Split("--", 2)[0]));

    [GeneratedRegex("\"[^\"]*\\b(SELECT|INSERT|UPDATE|DELETE|FROM|JOIN)\\b[^\"]*\"", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex SqlLiteral();
}
