using Dapper;
using Tollgate.Foundation.Postgres;
using Tollgate.TestKit;

namespace Tollgate.Foundation.Tests.Postgres;

public sealed class AmbientTransactionTests : IAsyncLifetime
{
    private static readonly Guid Organization = new(7, 0, 0, new byte[8]);

    private TestDatabase _db = null!;

    public async ValueTask InitializeAsync()
    {
        _db = await TestDatabase.CreateAsync();
        await using var connection = await _db.OwnerOrSuperuser.OpenConnectionAsync();
        await connection.ExecuteAsync("""
            CREATE SCHEMA trial;
            CREATE TABLE trial.thing (name text PRIMARY KEY);
            GRANT USAGE ON SCHEMA trial TO tollgate_app;
            GRANT SELECT, INSERT ON trial.thing TO tollgate_app;
            """);
    }

    public ValueTask DisposeAsync() => _db.DisposeAsync();

    private Database Database => (Database)_db.Database;

    [Fact]
    public async Task AsApp_InsideIt_CommitsWithIt()
    {
        await using var ambient = await Database.BeginAmbientAsync(TenantContext.Nobody, CancellationToken.None);
        await InsertAsync("one");
        (await NamesAsync()).ShouldBeEmpty();
        await ambient.Session.ExecuteAsync("INSERT INTO trial.thing VALUES ('answer')");
        await ambient.CommitAsync(CancellationToken.None);
        (await NamesAsync()).ShouldBe(["answer", "one"]);
    }

    [Fact]
    public async Task Dispose_WithoutCommit_RollsBackAndLeavesTheFlow()
    {
        await using (await Database.BeginAmbientAsync(TenantContext.Nobody, CancellationToken.None))
            await InsertAsync("one");
        await InsertAsync("two");
        (await NamesAsync()).ShouldBe(["two"]);
    }

    [Fact]
    public async Task AsApp_RefusedPart_LeavesNothingAndTheRestCanCommit()
    {
        await using var ambient = await Database.BeginAmbientAsync(TenantContext.Nobody, CancellationToken.None);
        await InsertAsync("kept");
        ambient.HasFailedPart.ShouldBeFalse();
        var outcome = await Database.AsAppAsync<Outcome<int>>(TenantContext.Nobody, async session =>
        {
            await session.ExecuteAsync("INSERT INTO trial.thing VALUES ('refused')");
            return Failure.NotFound("thing");
        }, CancellationToken.None);
        outcome.Succeeded.ShouldBeFalse();
        ambient.HasFailedPart.ShouldBeTrue();
        await Should.ThrowAsync<Npgsql.PostgresException>(() => InsertAsync("kept"));
        await ambient.CommitAsync(CancellationToken.None);
        (await NamesAsync()).ShouldBe(["kept"]);
    }

    [Fact]
    public async Task AsApp_PartForAnotherTenant_HasItsContextAndGivesItBack()
    {
        await using var ambient = await Database.BeginAmbientAsync(new TenantContext(Organization, []), CancellationToken.None);
        var inside = await Database.AsAppAsync(TenantContext.ForOrganization(Organization), session => session.QuerySingleAsync<Guid[]>("SELECT foundation.current_organizations()"), CancellationToken.None);
        inside.ShouldBe([Organization]);
        (await ambient.Session.QuerySingleAsync<Guid[]>("SELECT foundation.current_organizations()")).ShouldBeEmpty();
        (await ambient.Session.QuerySingleAsync<Guid>("SELECT foundation.current_account()")).ShouldBe(Organization);
    }

    [Fact]
    public async Task Requests_SideBySide_HaveTheirOwn()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async number =>
        {
            await using var ambient = await Database.BeginAmbientAsync(TenantContext.Nobody, CancellationToken.None);
            await InsertAsync($"{number}");
            if (number % 2 == 0)
                await ambient.CommitAsync(CancellationToken.None);
        }));
        (await NamesAsync()).ShouldBe(["0", "2", "4", "6"]);
    }

    private Task<int> InsertAsync(string name) =>
        Database.AsAppAsync(TenantContext.Nobody, session => session.ExecuteAsync("INSERT INTO trial.thing VALUES (@name)", new { name }), CancellationToken.None);

    private async Task<string[]> NamesAsync()
    {
        await using var connection = await _db.OwnerOrSuperuser.OpenConnectionAsync();
        return [.. await connection.QueryAsync<string>("SELECT name FROM trial.thing ORDER BY name")];
    }
}
