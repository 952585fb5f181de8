using System.Text.RegularExpressions;

namespace Tollgate.Architecture.Tests;

/// <summary>Statements are constants, and what is not a parameter in them is a piece of the program's own: a name or a condition that is written here, with nothing that came from outside.</summary>
public sealed partial class StatementRuleTests
{
    // Each looked at: what can stand there is written in the program.
    private static readonly HashSet<string> Known = new(StringComparer.Ordinal)
    {
        "src/Foundation/Secrets/SecretRotation.cs: column.Table", "src/Foundation/Secrets/SecretRotation.cs: column.Column", "src/Foundation/Secrets/SecretRotation.cs: column.PurposeSql",
        "src/Foundation/Secrets/SecretRotation.cs: KeyRing.IdLength", "src/Foundation/Postgres/NoticeListener.cs: channel", "src/Foundation/Postgres/Embedded/ClusterRoles.cs: role",
        "src/Foundation/Postgres/Embedded/ClusterRoles.cs: DatabaseConnections.OwnerRole", "src/Foundation/Postgres/Embedded/ClusterRoles.cs: DatabaseConnections.IngestRole",
        "src/Foundation/Postgres/Embedded/ClusterRoles.cs: string.Join(\", \", All)", "src/Identity/Access/CallerStore.cs: which", "src/Identity/Organizations/Invitations.cs: which",
        "src/Plans/RenewEntitlements.cs: SubscriptionRow.Select", "src/Catalog/Discovery/ListingStore.cs: Order(query.Sort)", "src/Metering/Reports/ReportStore.cs: string.Join(\" AND \", conditions)",
        "src/Metering/Usage/MeterUsageStore.cs: time", "src/Metering/Usage/MeterUsageStore.cs: condition", "src/Metering/Usage/RequestLogStore.cs: Newest(subject, string.Join(\" AND \", conditions))",
        "src/Metering/Usage/RequestLogStore.cs: conditions", "src/Metering/Usage/RequestLogStore.cs: newest", "src/Metering/Usage/UsageStore.cs: time", "src/Metering/Usage/UsageStore.cs: suffix",
        "src/Metering/Usage/UsageStore.cs: span", "src/Metering/Shipping/RollupWriter.cs: table", "src/Metering/Shipping/RollupWriter.cs: time", "src/Metering/Shipping/RollupWriter.cs: arrays",
        "src/Metering/Shipping/RollupWriter.cs: string.Join(\", \", all)", "src/Metering/Shipping/RollupWriter.cs: s", "src/Metering/Shipping/LogColumns.cs: Names",
        "src/Admission/Snapshot/KeyLoader.cs: (ids is null ? \"\" : \"WHERE id = ANY ($1)\")",
    };

    [Fact]
    public void Statements_AreOfConstants_OrOfPiecesThatAreKnown()
    {
        var found = Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.cs", SearchOption.AllDirectories).Where(file => !file.Contains("/obj/", StringComparison.Ordinal))
            .SelectMany(file => Pieces(File.ReadAllText(file)).Select(piece => $"{Path.GetRelativePath(Repository.Root, file)}: {piece}")).Distinct(StringComparer.Ordinal).ToList();
        found.Except(Known, StringComparer.Ordinal).ShouldBeEmpty("a parameter, a const, or a line here once it was looked at");
        Known.Except(found, StringComparer.Ordinal).ShouldBeEmpty("not there any more");
    }

    [Fact]
    public void TheGuard_FindsPlantedPieces()
    {
        Pieces("""session.QueryAsync($"SELECT * FROM plans.plan WHERE name = '{name}'")""").ShouldBe(["name"]);
        Pieces("""const string Columns = "id"; session.QueryAsync($"SELECT {Columns} FROM plans.plan WHERE name = @name")""").ShouldBeEmpty();
        Pieces(""""session.QueryAsync($"""DELETE FROM plans.plan WHERE name = '{request.Name!}'""")"""").ShouldBe(["request.Name!"]);
        Pieces("""session.QueryAsync("SELECT * FROM plans.plan WHERE name = '" + name + "'")""").ShouldBe(["name"]);
    }

    private static IEnumerable<string> Pieces(string source) => Interpolated().Matches(source).Where(literal => Verb().IsMatch(literal.Value))
        .SelectMany(literal => Hole().Matches(literal.Value).Select(hole => hole.Groups["what"].Value)).Where(what => !source.Contains($"const string {what} ", StringComparison.Ordinal) && !source.Contains($"const int {what} ", StringComparison.Ordinal))
        .Concat(Added().Matches(source).Select(match => match.Groups["what"].Value));

    [GeneratedRegex(@"\$+""""""(.*?)""""""|\$""([^""\\]|\\.)*""", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Interpolated();

    [GeneratedRegex(@"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|ALTER|CREATE|DROP|GRANT|LISTEN|NOTIFY|COPY|ATTACH|DETACH|TRUNCATE|LOCK)\b", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Verb();

    [GeneratedRegex(@"\{(?<what>[^{}]+)\}", RegexOptions.None, 1000)]
    private static partial Regex Hole();

    [GeneratedRegex("\"[^\"\\n]*\\b(SELECT|INSERT INTO|UPDATE|DELETE FROM)\\b[^\"\\n]*\" \\+ (?<what>\\w+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Added();
}
