using Tollgate.Foundation;
using Tollgate.Identity.Tests.Organizations;
using Tollgate.TestKit;
using Person = Tollgate.Identity.Tests.Organizations.OrganizationServer.Person;

namespace Tollgate.Identity.Tests.Accounts;

/// <summary>An account is deleted in the very moment in which it becomes an owner or a member: no organization is left without an owner, and nobody who is gone is a member.</summary>
public sealed class DeletionRaceTests(OrganizationServer server) : IClassFixture<OrganizationServer>
{
    [Fact]
    public async Task Organization_MadeInTheMomentOfADeletion_KeepsTheAccount()
    {
        var ada = await server.PersonAsync();
        await using var gate = await StatementGate.CloseAsync(server.Database, "identity.member", "INSERT");
        var making = ada.SendAsync(HttpMethod.Post, "/api/organizations", new { name = "Just now" });
        await gate.UntilWaitingAsync(1);
        var deleting = DeleteAsync(ada);
        await Task.WhenAny(deleting, gate.UntilWaitingAsync(2));
        await gate.OpenAsync();
        (await making).Status.ShouldBe(201);
        var (status, answer, _) = await deleting;
        (status, IdentityServer.Text(answer, "code")).ShouldBe((409, "ACCOUNT_IN_USE"));
        await NobodyIsLeftAsync();
    }

    [Fact]
    public async Task Organization_MadeAfterADeletionHasBegun_IsNotMade()
    {
        var ada = await server.PersonAsync();
        await using var gate = await StatementGate.CloseAsync(server.Database, "identity.account", "UPDATE");
        var deleting = DeleteAsync(ada);
        await gate.UntilWaitingAsync(1);
        var making = ada.SendAsync(HttpMethod.Post, "/api/organizations", new { name = "Too late" });
        await gate.UntilWaitingAsync(2);
        await gate.OpenAsync();
        (await deleting).Status.ShouldBe(204);
        (await making).Status.ShouldBe(401);
        await NobodyIsLeftAsync();
    }

    [Theory]
    [InlineData("member", "INSERT")]
    [InlineData("account", "UPDATE")]
    public async Task Invitation_AcceptedInTheMomentOfADeletion_LeavesNoMember(string table, string statement)
    {
        var ada = await server.PersonAsync();
        var (organization, _) = await server.OrganizationAsync(ada);
        var bob = await server.PersonAsync("Bob");
        var token = await server.InviteAsync(ada, IdentityServer.Text(organization, "slug"), bob.Email, "owner");
        await using var gate = await StatementGate.CloseAsync(server.Database, $"identity.{table}", statement);
        var accept = () => bob.SendAsync(HttpMethod.Post, "/api/invitations/accept", new { token });
        var accepting = table == "member" ? accept() : null;
        await (accepting is null ? Task.CompletedTask : gate.UntilWaitingAsync(1));
        var deleting = DeleteAsync(bob);
        await Task.WhenAny(deleting, gate.UntilWaitingAsync(accepting is null ? 1 : 2));
        accepting ??= accept();
        await Task.WhenAny(accepting, gate.UntilWaitingAsync(2));
        await gate.OpenAsync();
        (await accepting).Status.ShouldBe(table == "member" ? 200 : 401);
        (await deleting).Status.ShouldBe(204);
        await NobodyIsLeftAsync();
    }

    [Fact]
    public async Task Ownership_HandedToAnAccountInTheMomentOfItsDeletion_KeepsTheAccount()
    {
        var ada = await server.PersonAsync();
        var (organization, members) = await server.OrganizationAsync(ada, "admin");
        await using var gate = await StatementGate.CloseAsync(server.Database, "identity.member", "UPDATE");
        var handing = ada.SendAsync(HttpMethod.Post, $"/api/organizations/{IdentityServer.Text(organization, "slug")}/transfer", new { account = members[0].Id });
        await gate.UntilWaitingAsync(1);
        var deleting = DeleteAsync(members[0]);
        await Task.WhenAny(deleting, gate.UntilWaitingAsync(2));
        await gate.OpenAsync();
        (await handing).Status.ShouldBe(204);
        var (status, answer, _) = await deleting;
        (status, IdentityServer.Text(answer, "code")).ShouldBe((409, "ACCOUNT_IN_USE"));
        await NobodyIsLeftAsync();
    }

    /// <summary>Both lock the organization first: none waits for what the other holds while it holds what the other needs.</summary>
    [Fact]
    public async Task TokenOfAnOrganization_MadeInTheMomentOfADeletion_GoesFirst()
    {
        var ada = await server.PersonAsync();
        var (organization, _) = await server.OrganizationAsync(ada, "owner");
        await using var gate = await StatementGate.CloseAsync(server.Database, "identity.api_token", "INSERT");
        var making = ada.SendAsync(HttpMethod.Post, "/api/tokens", new { name = "CI", scopes = new[] { "apis:read" }, organization = IdentityServer.Text(organization, "slug") });
        await gate.UntilWaitingAsync(1);
        var deleting = DeleteAsync(ada);
        await gate.UntilWaitingAsync(2);
        (await CountAsync("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event <> 'advisory' AND query LIKE '%identity.organization%'"))
            .ShouldBe(1, "the deletion waits for the organization");
        await gate.OpenAsync();
        (await making).Status.ShouldBe(201);
        (await deleting).Status.ShouldBe(204);
        (await CountAsync("SELECT count(*) FROM identity.api_token t JOIN identity.account a ON a.id = t.account_id WHERE a.deleted_at IS NOT NULL")).ShouldBe(0);
    }

    /// <summary>An operator locks the other operators, and whoever removes a factor its organizations before its account: the deletion has the organizations first too.</summary>
    [Fact]
    public async Task Operator_DeletedWhileAnotherRemovesAFactor_HasTheOrganizationBeforeTheOperators()
    {
        var (bob, ada) = (await server.PersonAsync("Bob"), await server.PersonAsync());
        var (organization, _) = await server.OrganizationAsync(bob);
        await ada.MakeAsync("/api/invitations/accept", new { token = await server.InviteAsync(bob, IdentityServer.Text(organization, "slug"), ada.Email) });
        await using (var promote = server.Database.OwnerOrSuperuser.CreateCommand("UPDATE identity.account SET role = 'admin' WHERE email = ANY ($1)"))
        {
            promote.Parameters.AddWithValue(new[] { ada.Email, bob.Email });
            (await promote.ExecuteNonQueryAsync()).ShouldBe(2);
        }
        var app = new AuthenticatorApp(IdentityServer.Text(await bob.MakeAsync("/auth/totp", new { }), "secret"));
        await bob.MakeAsync("/auth/totp/confirm", new { code = app.CodeAt(server.Clock.GetUtcNow()) });
        await using var held = await RowLock.TakeAsync(server.Database, $"SELECT FROM identity.account WHERE email = '{bob.Email}' FOR NO KEY UPDATE");
        var deleting = DeleteAsync(ada);
        await held.UntilWaitingAsync(1);
        var removing = bob.SendAsync(HttpMethod.Delete, "/auth/totp");
        await held.UntilWaitingAsync(2);
        (await CountAsync("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%identity.organization%'"))
            .ShouldBe(1, "who removes waits for the organization, and holds nothing that the deletion needs");
        await held.ReleaseAsync();
        (await deleting).Status.ShouldBe(204);
        (await removing).Status.ShouldBe(204);
    }

    /// <summary>Who is an operator is asked of the locked rows, not of the request, which was let in before.</summary>
    [Fact]
    public async Task LastOperator_MadeOneAfterTheDeletionWasLetIn_KeepsTheAccount()
    {
        var ada = await server.PersonAsync();
        await using var held = await RowLock.TakeAsync(server.Database,
            $"SELECT FROM identity.organization o JOIN identity.member m ON m.organization_id = o.id JOIN identity.account a ON a.id = m.account_id WHERE a.email = '{ada.Email}' FOR UPDATE OF o");
        var deleting = DeleteAsync(ada);
        await held.UntilWaitingAsync(1);
        await using (var promote = server.Database.OwnerOrSuperuser.CreateCommand("UPDATE identity.account SET role = CASE WHEN email = $1 THEN 'admin' ELSE 'user' END"))
        {
            promote.Parameters.AddWithValue(ada.Email);
            await promote.ExecuteNonQueryAsync();
        }
        await held.ReleaseAsync();
        var (status, answer, _) = await deleting;
        (status, IdentityServer.Text(answer, "code")).ShouldBe((409, "LAST_OPERATOR"));
    }

    private static Task<(int Status, System.Text.Json.JsonElement Body, HttpResponseMessage Response)> DeleteAsync(Person person) => person.SendAsync(HttpMethod.Post, "/me/delete", new { email = person.Email });

    private async Task NobodyIsLeftAsync()
    {
        (await CountAsync("SELECT count(*) FROM identity.member m JOIN identity.account a ON a.id = m.account_id WHERE a.deleted_at IS NOT NULL")).ShouldBe(0, "members that are gone");
        (await CountAsync("""
            SELECT count(*) FROM identity.organization o WHERE o.removed_at IS NULL AND NOT EXISTS (SELECT FROM identity.member m WHERE m.organization_id = o.id AND m.role = 'owner')
            """)).ShouldBe(0, "organizations without an owner");
    }

    private async Task<long> CountAsync(string sql)
    {
        await using var command = server.Database.OwnerOrSuperuser.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
