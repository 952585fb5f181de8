using Tollgate.Foundation;
using Tollgate.TestKit;

namespace Tollgate.Identity.Tests.SecondFactor;

/// <summary>Apps that a program without offers left there, which never showed a code.</summary>
public sealed class UnconfirmedAppTests
{
    [Fact]
    public async Task Upgrade_ForgetsThem_AndKeepsThoseThatCount()
    {
        await using var database = await TestDatabase.CreateAsync();
        var schema = new OldSchema(database.ConnectionString("tollgate_owner"), database.ConnectionString("postgres"));
        await schema.MakeAsync([FoundationModule.Sql, IdentityModule.Sql], (module, all) => module == "identity" ? 13 : all);
        await using (var fill = database.OwnerOrSuperuser.CreateCommand("""
            WITH person AS (INSERT INTO identity.account (id, email, name, password_hash, role, created_at, updated_at)
              SELECT gen_random_uuid(), name || '@example.com', name, '', 'user', now(), now() FROM unnest(ARRAY['ada', 'bob']) name RETURNING id, name)
            INSERT INTO identity.totp (account_id, sealed, created_at, confirmed_at) SELECT id, '\x00', now(), CASE WHEN name = 'ada' THEN now() END FROM person
            """))
            (await fill.ExecuteNonQueryAsync()).ShouldBe(2);
        await schema.MakeAsync([FoundationModule.Sql, IdentityModule.Sql], (_, all) => all);
        await using var left = database.OwnerOrSuperuser.CreateCommand("SELECT string_agg(a.name, ' ') FROM identity.totp t JOIN identity.account a ON a.id = t.account_id");
        (await left.ExecuteScalarAsync()).ShouldBe("ada");
    }
}
