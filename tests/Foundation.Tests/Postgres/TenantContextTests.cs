using Dapper;
using Npgsql;
using Tollgate.TestKit;

namespace Tollgate.Foundation.Tests.Postgres;

public sealed class TenantContextTests(TenantContextTests.Fixture fixture) : IClassFixture<TenantContextTests.Fixture>
{
    private static readonly Guid Mine = Guid.Parse("00000000-0000-7000-8000-000000000001");
    private static readonly Guid Theirs = Guid.Parse("00000000-0000-7000-8000-000000000002");

    private readonly TestDatabase _db = fixture.Db;

    public sealed class Fixture : IAsyncLifetime
    {
        public TestDatabase Db { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Db = await TestDatabase.CreateAsync();
            await using var connection = await Db.OwnerOrSuperuser.OpenConnectionAsync();
            await connection.ExecuteAsync("""
                CREATE SCHEMA trial;
                CREATE TABLE trial.thing (organization_id uuid NOT NULL, at timestamptz NOT NULL, name text UNIQUE);
                ALTER TABLE trial.thing ENABLE ROW LEVEL SECURITY;
                ALTER TABLE trial.thing FORCE ROW LEVEL SECURITY;
                CREATE POLICY tenant ON trial.thing TO tollgate_app USING (organization_id = ANY (foundation.current_organizations()))
                  WITH CHECK (organization_id = ANY (foundation.current_organizations()));
                GRANT USAGE ON SCHEMA trial TO tollgate_app;
                GRANT SELECT, INSERT ON trial.thing TO tollgate_app;
                INSERT INTO trial.thing VALUES (@Mine, '2026-01-02T03:04:05Z', 'mine'), (@Theirs, now(), 'theirs');
                """, new { Mine, Theirs });
        }

        public ValueTask DisposeAsync() => Db.DisposeAsync();
    }

    private sealed class Thing
    {
        public Guid OrganizationId { get; init; }

        public DateTimeOffset At { get; init; }
    }

    [Fact]
    public async Task AsApp_OneOrganization_SeesItsRowsOnly()
    {
        var rows = await _db.Database.AsAppAsync(TenantContext.ForOrganization(Mine),
            session => session.QueryAsync<Thing>("SELECT organization_id, at FROM trial.thing WHERE name IN ('mine', 'theirs')"), TestContext.Current.CancellationToken);
        rows.ShouldHaveSingleItem().OrganizationId.ShouldBe(Mine);
        rows[0].At.ShouldBe(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
    }

    [Fact]
    public async Task AsApp_Nobody_SeesNoRow()
    {
        var count = await _db.Database.AsAppAsync(TenantContext.Nobody, session => session.QuerySingleAsync<long>("SELECT count(*) FROM trial.thing"), CancellationToken.None);
        count.ShouldBe(0);
    }

    [Fact]
    public async Task AsApp_ForeignOrganization_CannotBeWrittenFor() =>
        (await Should.ThrowAsync<PostgresException>(() => Insert(TenantContext.ForOrganization(Mine), Theirs, "planted"))).SqlState.ShouldBe("42501");

    [Fact]
    public async Task Context_ConnectionComesBackFromThePool_IsEmptyAgain()
    {
        await using var source = new NpgsqlDataSourceBuilder(new NpgsqlConnectionStringBuilder(_db.ConnectionString("tollgate_app")) { MaxPoolSize = 1, NoResetOnClose = true }.ConnectionString).Build();
        await using (var connection = await source.OpenConnectionAsync())
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            await Foundation.Postgres.TenantSettings.ApplyAsync(connection, transaction, TenantContext.ForOrganization(Mine), CancellationToken.None);
            (await connection.QuerySingleAsync<long>("SELECT count(*) FROM trial.thing WHERE name = 'mine'")).ShouldBe(1);
            await transaction.CommitAsync();
        }
        await using (var again = await source.OpenConnectionAsync())
        {
            (await again.QuerySingleAsync<long>("SELECT count(*) FROM trial.thing")).ShouldBe(0);
            (await again.QuerySingleAsync<Guid?>("SELECT foundation.current_account()")).ShouldBeNull();
        }
    }

    [Fact]
    public async Task AsApp_FailedOutcome_RollsBack()
    {
        var outcome = await _db.Database.AsAppAsync(TenantContext.ForOrganization(Mine), async session =>
        {
            await session.ExecuteAsync("INSERT INTO trial.thing VALUES (@Mine, now(), 'refused')", new { Mine });
            return (Outcome<int>)Failure.NotFound("thing");
        }, CancellationToken.None);
        outcome.Succeeded.ShouldBeFalse();
        (await Count("refused")).ShouldBe(0);
    }

    [Fact]
    public async Task AsApp_TimesInAndOut_AreUtc()
    {
        var at = new DateTimeOffset(2026, 6, 1, 12, 0, 0, TimeSpan.FromHours(2));
        var back = await _db.Database.AsAppAsync(TenantContext.Nobody, session => session.QuerySingleAsync<DateTimeOffset>("SELECT @at::timestamptz", new { at }), CancellationToken.None);
        back.ShouldBe(at);
        back.Offset.ShouldBe(TimeSpan.Zero);
        var day = await _db.Database.AsAppAsync(TenantContext.Nobody, session => session.QuerySingleAsync<DateOnly>("SELECT @day::date", new { day = new DateOnly(2026, 6, 1) }), CancellationToken.None);
        day.ShouldBe(new DateOnly(2026, 6, 1));
        var none = await _db.Database.AsAppAsync(TenantContext.Nobody, session => session.QuerySingleAsync<DateTimeOffset?>("SELECT @at::timestamptz", new { at = (DateTimeOffset?)null }), CancellationToken.None);
        none.ShouldBeNull();
        var ids = await _db.Database.AsAppAsync(TenantContext.Nobody, session => session.QueryAsync<Guid>("SELECT unnest(@ids::uuid[])", new { ids = new[] { Mine, Theirs } }), CancellationToken.None);
        ids.ShouldBe([Mine, Theirs]);
    }

    private Task<int> Insert(TenantContext tenant, Guid organization, string name) => _db.Database.AsAppAsync(tenant,
        session => session.ExecuteAsync("INSERT INTO trial.thing VALUES (@organization, now(), @name)", new { organization, name }), CancellationToken.None);

    private async Task<long> Count(string name)
    {
        await using var connection = await _db.OwnerOrSuperuser.OpenConnectionAsync();
        return await connection.QuerySingleAsync<long>("SELECT count(*) FROM trial.thing WHERE name = @name", new { name });
    }
}
