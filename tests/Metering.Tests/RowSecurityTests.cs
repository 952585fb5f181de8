using Npgsql;
using Tollgate.Foundation;

namespace Tollgate.Metering.Tests;

public class RowSecurityTests
{
    private static readonly string[] TenantTables = ["request_log", "usage_hourly", "usage_daily", "meter_hourly", "usage_by_period"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task App_ConsumerAndProvider_SeeTheirRowsAndNobodyElseAny()
    {
        await using var db = await TwoConsumersAsync();
        foreach (var table in TenantTables)
        {
            (await VisibleAsync(db, table, MeteringDatabase.Id(10_001))).ShouldBe(1, $"{table}, first consumer");
            (await VisibleAsync(db, table, MeteringDatabase.Id(10_002))).ShouldBe(1, $"{table}, second consumer");
            (await VisibleAsync(db, table, MeteringDatabase.Id(100))).ShouldBe(2, $"{table}, provider");
            (await VisibleAsync(db, table, MeteringDatabase.Id(999))).ShouldBe(0, $"{table}, a stranger");
            (await db.Database.AsAppAsync(TenantContext.Nobody, s => s.QuerySingleAsync<long>($"SELECT count(*) FROM metering.{table}"), Cancellation)).ShouldBe(0, table);
        }
    }

    [Fact]
    public async Task App_ClientAddress_IsForTheConsumerOnly()
    {
        await using var db = await TwoConsumersAsync();
        const string address = "SELECT metering.client_address(journal_id, journal_offset, at) FROM metering.request_log ORDER BY journal_offset";
        (await AsAsync(db, MeteringDatabase.Id(10_001), s => s.QueryAsync<string?>(address))).ShouldBe(["192.168.1.2"]);
        (await AsAsync(db, MeteringDatabase.Id(100), s => s.QueryAsync<string?>(address))).ShouldBe([null, null]);
        foreach (var sql in new[] { "SELECT client_address FROM metering.request_log", "SELECT * FROM metering.request_log", "SELECT l FROM metering.request_log l" })
            (await Should.ThrowAsync<PostgresException>(() => AsAsync(db, MeteringDatabase.Id(100), s => s.QueryAsync<object>(sql)))).SqlState.ShouldBe("42501", sql);
    }

    [Theory]
    [InlineData("tollgate_app", "gateway_counter=, journal_position=, meter=ar, meter_hourly=r, rejected_record=, reported_change=, reported_event=, reported_usage=r, request_log=, request_log_month=, seal_request=, usage_by_period=r, usage_daily=r, usage_hourly=r")]
    [InlineData("tollgate_ingest", "gateway_counter=arw, journal_position=arw, meter=, meter_hourly=arw, rejected_record=a, reported_change=arw, reported_event=ar, reported_usage=a, request_log=a, request_log_month=, seal_request=r, usage_by_period=arw, usage_daily=arw, usage_hourly=arw")]
    [InlineData("tollgate_worker", "gateway_counter=r, journal_position=r, meter=, meter_hourly=r, rejected_record=r, reported_change=r, reported_event=D, reported_usage=r, request_log=, request_log_month=r, seal_request=ar, usage_by_period=r, usage_daily=r, usage_hourly=r")]
    public async Task Grants_OfEachRole_AreTheListedOnes(string role, string expected)
    {
        await using var db = await MeteringDatabase.CreateAsync();
        var rows = await db.RowsAsync($"""
            SELECT c.relname, concat(CASE WHEN has_table_privilege('{role}', c.oid, 'INSERT') THEN 'a' END, CASE WHEN has_table_privilege('{role}', c.oid, 'SELECT') THEN 'r' END,
              CASE WHEN has_table_privilege('{role}', c.oid, 'UPDATE') THEN 'w' END, CASE WHEN has_table_privilege('{role}', c.oid, 'DELETE, TRUNCATE, TRIGGER, REFERENCES') THEN 'D' END)
            FROM pg_class c WHERE c.relnamespace = 'metering'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm') AND NOT c.relispartition
            """);
        string.Join(", ", rows.Select(r => r.Trim('(', ')').Replace("\"\"", "").Replace(',', '='))).ShouldBe(expected);
        (await db.CountAsync($"pg_class c WHERE c.relispartition AND c.relkind = 'r' AND has_any_column_privilege('{role}', c.oid, 'SELECT, INSERT, UPDATE')")).ShouldBe(0);
    }

    [Fact]
    public async Task Tables_All_ForceRowSecurityAndPartitionsShowNothing()
    {
        await using var db = await MeteringDatabase.CreateAsync();
        (await db.RowsAsync("SELECT relname FROM pg_class WHERE relnamespace = 'metering'::regnamespace AND relkind IN ('r', 'p') AND NOT (relrowsecurity AND (relforcerowsecurity OR relispartition))"))
            .ShouldBeEmpty();
        (await db.CountAsync("pg_class WHERE relnamespace = 'metering'::regnamespace AND relispartition AND relkind = 'r'")).ShouldBeGreaterThan(4);
    }

    [Fact]
    public async Task Functions_OfTheOwner_AreTheReviewedListAndClosedToThePublic()
    {
        await using var db = await MeteringDatabase.CreateAsync();
        (await db.RowsAsync("SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'metering'::regnamespace AND prosecdef"))
            .ShouldBe(["(aggregate_hourly_usage)", "(client_address)", "(default_partition_rows)", "(drop_partition)", "(ensure_partition)", "(ensure_partitions)"]);
        (await db.RowsAsync("SELECT proname FROM pg_proc WHERE pronamespace = 'metering'::regnamespace AND prosecdef AND (NOT proconfig::text LIKE '%search_path=pg_catalog, pg_temp%' OR has_function_privilege('public', oid, 'EXECUTE'))"))
            .ShouldBeEmpty();
    }

    private static async Task<MeteringDatabase> TwoConsumersAsync()
    {
        var db = await MeteringDatabase.CreateAsync();
        var journal = new MemoryJournal();
        journal.Append(db.Call(1));
        journal.Append(db.Call(2));
        using var shipper = db.Shipper(journal);
        await shipper.ShipNowAsync(Cancellation);
        return db;
    }

    private static Task<long> VisibleAsync(MeteringDatabase db, string table, Guid organization) =>
        AsAsync(db, organization, s => s.QuerySingleAsync<long>($"SELECT count(*) FROM metering.{table}"));

    private static Task<T> AsAsync<T>(MeteringDatabase db, Guid organization, Func<DbSession, Task<T>> work) =>
        db.Database.AsAppAsync(TenantContext.ForOrganization(organization), work, Cancellation);
}
