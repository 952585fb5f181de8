using Tollgate.Foundation;
using Tollgate.Identity.Attempts;

namespace Tollgate.Identity.Tests.Organizations;

public sealed class InvitationTests(OrganizationServer server) : IClassFixture<OrganizationServer>
{
    private const string Accept = "/api/invitations/accept";

    [Fact]
    public async Task Invited_LooksAndAccepts_Once()
    {
        var (ada, path, id) = await OwnerAsync();
        var bob = await server.PersonAsync("Bob");
        var token = await server.InviteAsync(ada, path, bob.Email, "billing");
        (await ada.GetAsync($"/api/organizations/{path}/invitations")).Body.GetProperty("data")[0].GetProperty("email").GetString().ShouldBe(bob.Email);
        var look = await bob.MakeAsync("/api/invitations/look", new { token });
        (IdentityServer.Text(look, "role"), IdentityServer.Text(look, "invited_by")).ShouldBe(("billing", "Ada"));
        IdentityServer.Text(await bob.MakeAsync(Accept, new { token }), "organization_id").ShouldBe(id);
        IdentityServer.Text((await bob.GetAsync($"/api/organizations/{path}")).Body, "role").ShouldBe("billing");
        await bob.RefusedAsync(HttpMethod.Post, Accept, new { token }, 409, "INVITATION_INVALID");
        (await ada.GetAsync($"/api/organizations/{path}/invitations")).Body.GetProperty("data").GetArrayLength().ShouldBe(0);
        await ada.RefusedAsync(HttpMethod.Post, $"/api/organizations/{path}/invitations", new { email = bob.Email, role = "viewer" }, 409, "ALREADY_MEMBER");
        (await server.ActionsAsync(id)).ShouldBe(["organization.created", "invitation.sent", "invitation.accepted"]);
    }

    [Fact]
    public async Task Invitation_IsBoundToItsAddress()
    {
        var (ada, path, _) = await OwnerAsync();
        var bob = await server.PersonAsync("Bob");
        var token = await server.InviteAsync(ada, path, bob.Email);
        var eve = await server.PersonAsync("Eve");
        await eve.RefusedAsync(HttpMethod.Post, Accept, new { token }, 409, "INVITATION_INVALID");
        await eve.RefusedAsync(HttpMethod.Post, "/api/invitations/look", new { token }, 409, "INVITATION_INVALID");
        await eve.RefusedAsync(HttpMethod.Post, "/api/invitations/decline", new { token }, 409, "INVITATION_INVALID");
        // Nor may who invited answer in the other's place.
        await ada.RefusedAsync(HttpMethod.Post, Accept, new { token }, 409, "INVITATION_INVALID");
        await bob.MakeAsync(Accept, new { token });
    }

    [Fact]
    public async Task Accept_ByAnAddressThatNobodyConfirmed_IsRefused()
    {
        var (ada, path, _) = await OwnerAsync();
        var bob = await server.PersonAsync("Bob", verified: false);
        var token = await server.InviteAsync(ada, path, bob.Email);
        await bob.RefusedAsync(HttpMethod.Post, Accept, new { token }, 403, "EMAIL_NOT_VERIFIED");
    }

    [Fact]
    public async Task Accept_ManyTimesAtOnce_IsOneMembership()
    {
        var (ada, path, _) = await OwnerAsync();
        var bob = await server.PersonAsync("Bob");
        var token = await server.InviteAsync(ada, path, bob.Email);
        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => bob.SendAsync(HttpMethod.Post, Accept, new { token })));
        answers.Count(answer => answer.Status == 200).ShouldBe(1);
        (await ada.GetAsync($"/api/organizations/{path}/members")).Body.GetProperty("data").GetArrayLength().ShouldBe(2);
    }

    [Fact]
    public async Task Invitation_AfterSevenDays_HasExpired()
    {
        var (ada, path, _) = await OwnerAsync();
        var email = $"late-{path}@example.com";
        var token = await server.InviteAsync(ada, path, email);
        await ExpireAsync(path);
        (await ada.GetAsync($"/api/organizations/{path}/invitations")).Body.GetProperty("data").GetArrayLength().ShouldBe(0);
        var late = await server.PersonAsync("Late");
        await SetEmailAsync(late, email);
        await late.RefusedAsync(HttpMethod.Post, Accept, new { token }, 409, "INVITATION_INVALID");
        // It can be sent anew.
        var second = await server.InviteAsync(ada, path, email);
        await late.MakeAsync(Accept, new { token = second });
    }

    [Fact]
    public async Task Invitation_WithdrawnReplacedOrDeclined_OpensNothing()
    {
        var (ada, path, id) = await OwnerAsync();
        var bob = await server.PersonAsync("Bob");
        var first = await server.InviteAsync(ada, path, bob.Email);
        var second = await server.InviteAsync(ada, path, bob.Email, "admin");
        await bob.RefusedAsync(HttpMethod.Post, Accept, new { token = first }, 409, "INVITATION_INVALID");
        var open = (await ada.GetAsync($"/api/organizations/{path}/invitations")).Body.GetProperty("data");
        open.GetArrayLength().ShouldBe(1);
        (await ada.SendAsync(HttpMethod.Delete, $"/api/organizations/{path}/invitations/{IdentityServer.Text(open[0], "id")}")).Status.ShouldBe(204);
        await bob.RefusedAsync(HttpMethod.Post, Accept, new { token = second }, 409, "INVITATION_INVALID");
        var third = await server.InviteAsync(ada, path, bob.Email);
        (await bob.SendAsync(HttpMethod.Post, "/api/invitations/decline", new { token = third })).Status.ShouldBe(204);
        await bob.RefusedAsync(HttpMethod.Post, Accept, new { token = third }, 409, "INVITATION_INVALID");
        (await server.ActionsAsync(id)).ShouldBe(["organization.created", "invitation.sent", "invitation.sent", "invitation.withdrawn", "invitation.sent"]);
    }

    [Theory]
    [InlineData("viewer", "viewer")]
    [InlineData("viewer", null)]
    [InlineData("owner", "admin")]
    public async Task Invitation_OfSomebodyWhoMayNoLongerInvite_OpensNothing(string role, string? becomes)
    {
        var ada = await server.PersonAsync();
        var (organization, members) = await server.OrganizationAsync(ada, "owner");
        var (path, inviter) = (IdentityServer.Text(organization, "slug"), members[0]);
        var bob = await server.PersonAsync("Bob");
        var token = await server.InviteAsync(inviter, path, bob.Email, role);
        var member = $"/api/organizations/{path}/members/{inviter.Id}";
        if (becomes is null)
            (await ada.SendAsync(HttpMethod.Delete, member)).Status.ShouldBe(204);
        else
            await ada.MakeAsync(member, new { role = becomes }, HttpMethod.Patch);
        await bob.RefusedAsync(HttpMethod.Post, Accept, new { token }, 409, "INVITATION_INVALID");
        (await bob.GetAsync($"/api/organizations/{path}")).Status.ShouldBe(404);
        // One of somebody who may still opens it.
        await bob.MakeAsync(Accept, new { token = await server.InviteAsync(ada, path, bob.Email, role) });
    }

    [Fact]
    public async Task Mails_OfOneOrganizationToOneAddress_AreFiveADay()
    {
        var ada = await server.PersonAsync();
        var (organization, members) = await server.OrganizationAsync(ada, "admin", "admin");
        var path = IdentityServer.Text(organization, "slug");
        var email = $"pestered-{path}@example.com";
        for (var i = 0; i < 5; i++)
        {
            await server.InviteAsync(i < 3 ? ada : members[0], path, email);
            var waiting = (await ada.GetAsync($"/api/organizations/{path}/invitations")).Body.GetProperty("data")[0];
            (await ada.SendAsync(HttpMethod.Delete, $"/api/organizations/{path}/invitations/{IdentityServer.Text(waiting, "id")}")).Status.ShouldBe(204);
        }
        await members[1].RefusedAsync(HttpMethod.Post, $"/api/organizations/{path}/invitations", new { email, role = "viewer" }, 429, "TOO_MANY_MAILS");
        await server.InviteAsync(members[1], path, $"other-{path}@example.com");
        await using (var command = server.Database.OwnerOrSuperuser.CreateCommand("UPDATE identity.invitation SET created_at = created_at - interval '1 day' WHERE email = $1"))
        {
            command.Parameters.AddWithValue(email);
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }
        await server.InviteAsync(members[1], path, email);
    }

    /// <summary>Whoever registered another's address does not write to people in the name of it.</summary>
    [Fact]
    public async Task Inviting_FromAnAddressThatNobodyConfirmed_IsRefused()
    {
        var eve = await server.PersonAsync("Eve", verified: false);
        var (organization, _) = await server.OrganizationAsync(eve);
        await eve.RefusedAsync(HttpMethod.Post, $"/api/organizations/{IdentityServer.Text(organization, "slug")}/invitations", new { email = "victim@example.com", role = "viewer" }, 403, "EMAIL_NOT_VERIFIED");
    }

    [Fact]
    public async Task Mails_OfAllOrganizationsToOneAddress_AreTenADay()
    {
        var email = $"pestered-by-{(await server.PersonAsync()).Email}";
        for (var i = 0; i < 10; i++)
        {
            var (ada, organization, _) = await OwnerAsync();
            await server.InviteAsync(ada, organization, email);
        }
        server.Clock.Advance(TimeSpan.FromHours(5));
        var (bob, path, _) = await OwnerAsync();
        var (status, answer, response) = await bob.SendAsync(HttpMethod.Post, $"/api/organizations/{path}/invitations", new { email, role = "viewer" });
        (status, IdentityServer.Text(answer, "code")).ShouldBe((429, "TOO_MANY_MAILS"));
        IdentityServer.Text(answer, "detail").ShouldStartWith("No more invitations go to this address now.", Case.Sensitive, "that others invited it is nobody's business");
        IdentityServer.Text(answer, "detail").ShouldEndWith("Try again tomorrow.");
        response.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromDays(1), "nor when they did");
        await server.InviteAsync(bob, path, $"other-than-{email}");
    }

    [Fact]
    public async Task Mails_OfOneAccountToOneAddress_AreThreeADay_AndLeaveRoomForOthers()
    {
        var (ada, first, _) = await OwnerAsync();
        var (organization, _) = await server.OrganizationAsync(ada);
        var email = $"pestered-by-{ada.Email}";
        for (var i = 0; i < 3; i++)
            await server.InviteAsync(ada, i == 0 ? first : IdentityServer.Text(organization, "slug"), email);
        for (var i = 0; i < 12; i++)
        {
            var (status, answer, _) = await ada.SendAsync(HttpMethod.Post, $"/api/organizations/{first}/invitations", new { email, role = "viewer" });
            (status, IdentityServer.Text(answer, "code")).ShouldBe((429, "TOO_MANY_MAILS"));
            IdentityServer.Text(answer, "detail").ShouldStartWith("No more invitations go to this address now.");
        }
        await server.InviteAsync(ada, first, $"other-than-{email}");
        var (bob, path, _) = await OwnerAsync();
        await server.InviteAsync(bob, path, email);
    }

    /// <summary>Each is refused without a mail: who could count them would block an address for everybody.</summary>
    [Fact]
    public async Task Inviting_ThatIsRefused_UsesUpNothing()
    {
        var ada = await server.PersonAsync();
        var (organization, members) = await server.OrganizationAsync(ada, "viewer", "admin");
        var path = IdentityServer.Text(organization, "slug");
        var email = $"not-blocked-by-{ada.Email}";
        var personal = IdentityServer.Text((await ada.GetAsync("/me")).Body.GetProperty("organizations").EnumerateArray().Single(one => one.GetProperty("personal").GetBoolean()), "slug");
        for (var i = 0; i < 11; i++)
        {
            await ada.RefusedAsync(HttpMethod.Post, $"/api/organizations/{personal}/invitations", new { email, role = "viewer" }, 409, "PERSONAL_ORGANIZATION");
            await ada.RefusedAsync(HttpMethod.Post, $"/api/organizations/{path}/invitations", new { email = members[0].Email, role = "viewer" }, 409, "ALREADY_MEMBER");
            await members[1].RefusedAsync(HttpMethod.Post, $"/api/organizations/{path}/invitations", new { email, role = "owner" }, 403, "FORBIDDEN");
        }
        await server.InviteAsync(ada, path, email);
        await server.InviteAsync(members[1], path, email);
        var (bob, other, _) = await OwnerAsync();
        await server.InviteAsync(bob, other, members[0].Email);
    }

    [Fact]
    public async Task Mails_ByOneAccount_AreAHundredADay_WhateverOrganizationTheyAreTo()
    {
        var ada = await server.PersonAsync();
        TypeId.TryParse(ada.Id, "acc", out var id).ShouldBeTrue();
        var (first, _) = await server.OrganizationAsync(ada);
        await server.InviteAsync(ada, IdentityServer.Text(first, "slug"), $"first-of-{ada.Email}");
        await using (var command = server.Database.OwnerOrSuperuser.CreateCommand("UPDATE identity.attempt SET count = 99 WHERE subject = $1"))
        {
            command.Parameters.AddWithValue(AttemptCounts.SubjectOf("invitations.by", id.ToString()));
            (await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken)).ShouldBe(1);
        }
        var (second, _) = await server.OrganizationAsync(ada);
        var path = IdentityServer.Text(second, "slug");
        await server.InviteAsync(ada, path, $"last-of-{ada.Email}");
        await ada.RefusedAsync(HttpMethod.Post, $"/api/organizations/{path}/invitations", new { email = $"more-of-{ada.Email}", role = "viewer" }, 429, "TOO_MANY_MAILS");
        var (bob, other, _) = await OwnerAsync();
        await server.InviteAsync(bob, other, $"more-of-{ada.Email}");
    }

    [Fact]
    public async Task Secret_IsNowhereInTheDatabase()
    {
        var (ada, path, _) = await OwnerAsync();
        var token = await server.InviteAsync(ada, path, "dump@example.com");
        await using var command = server.Database.OwnerOrSuperuser.CreateCommand("SELECT count(*) FROM identity.invitation i WHERE i::text LIKE '%' || $1 || '%' OR encode(i.digest, 'escape') LIKE '%' || $1 || '%'");
        command.Parameters.AddWithValue(token[4..]);
        ((long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!).ShouldBe(0);
    }

    private async Task<(OrganizationServer.Person Owner, string Slug, string Id)> OwnerAsync()
    {
        var ada = await server.PersonAsync();
        var (organization, _) = await server.OrganizationAsync(ada);
        return (ada, IdentityServer.Text(organization, "slug"), IdentityServer.Text(organization, "id"));
    }

    // The clock is every test's of this class; their access tokens would expire with it.
    private async Task ExpireAsync(string slug)
    {
        await using var command = server.Database.OwnerOrSuperuser.CreateCommand("UPDATE identity.invitation SET expires_at = expires_at - interval '7 days' WHERE organization_id = (SELECT id FROM identity.organization WHERE slug = $1)");
        command.Parameters.AddWithValue(slug);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    private async Task SetEmailAsync(OrganizationServer.Person person, string email)
    {
        await using var command = server.Database.OwnerOrSuperuser.CreateCommand("UPDATE identity.account SET email = $1 WHERE email = $2");
        command.Parameters.AddWithValue(email);
        command.Parameters.AddWithValue(person.Email);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
