namespace Tollgate.Architecture.Tests;

/// <summary>What each database role may do, compared line by line with Grants.txt: a change of rights is a change of that file, seen in review.</summary>
public sealed class GrantTests(SchemaFixture schema) : IClassFixture<SchemaFixture>
{
    private static readonly string Approved = Path.Combine(Repository.Root, "tests", "Architecture.Tests", "Grants.txt");

    [Fact]
    public async Task Grants_AreAsApproved()
    {
        var actual = await GrantsAsync();
        var approved = File.Exists(Approved) ? await File.ReadAllLinesAsync(Approved) : [];
        await File.WriteAllLinesAsync(Path.Combine(AppContext.BaseDirectory, "Grants.actual.txt"), actual);
        actual.Except(approved, StringComparer.Ordinal).ShouldBeEmpty("granted but not in Grants.txt");
        approved.Except(actual, StringComparer.Ordinal).ShouldBeEmpty("in Grants.txt but not granted");
    }

    [Fact]
    public async Task TheGuard_FindsAPlantedGrant()
    {
        await schema.ExecuteAsync("GRANT DELETE ON identity.account TO tollgate_app");
        (await GrantsAsync()).Except(await File.ReadAllLinesAsync(Approved), StringComparer.Ordinal).ShouldBe(["tollgate_app identity.account DELETE"]);
        await schema.ExecuteAsync("REVOKE DELETE ON identity.account FROM tollgate_app");
    }

    [Fact]
    public async Task NoRole_MayBypassRowLevelSecurityOrTouchPartitions()
    {
        (await schema.TextsAsync("SELECT rolname::text FROM pg_roles WHERE rolname LIKE 'tollgate%' AND rolname <> 'tollgate_superuser' AND (rolbypassrls OR rolsuper) AND rolname <> current_user")).ShouldBeEmpty();
        (await schema.TextsAsync("""
            SELECT c.oid::regclass || ' ' || r.rolname FROM pg_class c CROSS JOIN pg_roles r
            WHERE c.relispartition AND r.rolname IN ('tollgate_app', 'tollgate_ingest', 'tollgate_worker') AND has_table_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE, DELETE')
            """)).ShouldBeEmpty();
    }

    [Fact]
    public async Task DefinerFunctions_AreTheReviewedOnesWithAFixedSearchPath()
    {
        (await schema.TextsAsync("""
            SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
            WHERE p.prosecdef AND n.nspname NOT IN ('pg_catalog', 'information_schema')
              AND NOT EXISTS (SELECT FROM unnest(p.proconfig) AS setting WHERE setting LIKE 'search_path=%')
            """)).ShouldBeEmpty();
        var reviewed = (await File.ReadAllLinesAsync(Approved)).Where(line => line.StartsWith("definer ", StringComparison.Ordinal)).Select(line => line["definer ".Length..]);
        (await schema.TextsAsync(Definers)).ShouldBe(reviewed, ignoreOrder: true);
    }

    private const string Definers = """
        SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE p.prosecdef AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
        """;

    private async Task<List<string>> GrantsAsync()
    {
        var grants = await schema.TextsAsync("""
            SELECT line FROM (
              SELECT grantee || ' ' || table_schema || '.' || table_name || ' ' || string_agg(privilege_type, ',' ORDER BY privilege_type) AS line
              FROM information_schema.table_privileges WHERE grantee IN ('tollgate_app', 'tollgate_ingest', 'tollgate_worker', 'PUBLIC') AND table_schema NOT IN ('pg_catalog', 'information_schema')
              GROUP BY grantee, table_schema, table_name
              UNION ALL
              SELECT pg_get_userbyid(acl.grantee) || ' ' || n.nspname || '.' || c.relname || ' ' || acl.privilege_type || ' (' || string_agg(a.attname, ',' ORDER BY a.attnum) || ')'
              FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace CROSS JOIN aclexplode(a.attacl) acl
              WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND NOT c.relispartition
              GROUP BY acl.grantee, n.nspname, c.relname, acl.privilege_type
              UNION ALL
              SELECT grantee || ' ' || routine_schema || '.' || routine_name || '()' FROM information_schema.routine_privileges
              WHERE grantee IN ('tollgate_app', 'tollgate_ingest', 'tollgate_worker') AND routine_schema NOT IN ('pg_catalog', 'information_schema')
            ) AS all_grants ORDER BY line COLLATE "C"
            """);
        return [.. grants.Distinct(StringComparer.Ordinal), .. (await schema.TextsAsync(Definers)).Select(name => $"definer {name}")];
    }
}
