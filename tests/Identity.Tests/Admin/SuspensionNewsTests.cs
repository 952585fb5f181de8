using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Identity.Tests.Organizations;
using Tollgate.TestKit;

namespace Tollgate.Identity.Tests.Admin;

/// <summary>Who owns or administers an organization is mailed when an operator suspends it and when that is lifted.</summary>
public sealed class SuspensionNewsTests(OrganizationServer server) : IClassFixture<OrganizationServer>
{
    [Fact]
    public async Task OwnersAndAdmins_AreMailedTheReason_AndThatItIsLifted_OnceEach()
    {
        var owner = await server.PersonAsync("Owner");
        var (organization, members) = await server.OrganizationAsync(owner, "admin", "developer", "billing", "viewer");
        var root = await OperatorAsync();
        var path = $"/api/admin/organizations/{IdentityServer.Text(organization, "id")}";

        await root.MakeAsync($"{path}/suspend", new { reason = "Sells what is not theirs." });
        await root.MakeAsync($"{path}/suspend", new { reason = "Once more." });
        MailsTo(owner).ShouldBeEmpty("they are sent when the operator's transaction has committed, and a request looks up nobody's mails");
        await TestOutbox.DrainAsync(server.Server.Services);
        foreach (var person in new[] { owner, members[0] })
        {
            var mail = MailsTo(person).ShouldHaveSingleItem();
            (mail.Kind, mail.IsDecoy).ShouldBe((AccountMailKind.OrganizationSuspended, false));
            (mail.Values["organization"], mail.Values["reason"]).ShouldBe((IdentityServer.Text(organization, "name"), "Sells what is not theirs."));
        }
        members[1..].SelectMany(MailsTo).ShouldBeEmpty();

        await root.MakeAsync($"{path}/unsuspend", new { });
        await root.MakeAsync($"{path}/unsuspend", new { });
        await TestOutbox.DrainAsync(server.Server.Services);
        foreach (var person in new[] { owner, members[0] })
            MailsTo(person).Select(mail => mail.Kind).ShouldBe([AccountMailKind.OrganizationSuspended, AccountMailKind.OrganizationUnsuspended]);
        members[1..].SelectMany(MailsTo).ShouldBeEmpty();
    }

    /// <summary>It may be somebody else's, who has nothing to do with the organization.</summary>
    [Fact]
    public async Task AddressThatNobodyProved_IsToldNothing()
    {
        var owner = await server.PersonAsync("Unproved", verified: false);
        var (_, me, _) = await owner.GetAsync("/me");
        var root = await OperatorAsync();
        await root.MakeAsync($"/api/admin/organizations/{IdentityServer.Text(me.GetProperty("organizations")[0], "id")}/suspend", new { reason = "Spam." });
        await TestOutbox.DrainAsync(server.Server.Services);
        MailsTo(owner).ShouldBeEmpty();
    }

    [Fact]
    public async Task ManyActs_AreNoFloodOfMails()
    {
        var owner = await server.PersonAsync("Often");
        var (organization, _) = await server.OrganizationAsync(owner);
        var root = await OperatorAsync();
        for (var i = 0; i < 13; i++)
            foreach (var act in new[] { "suspend", "unsuspend" })
            {
                await root.MakeAsync($"/api/admin/organizations/{IdentityServer.Text(organization, "id")}/{act}", new { reason = "Spam." });
                await TestOutbox.DrainAsync(server.Server.Services);
            }
        MailsTo(owner).Count.ShouldBe(20);
        // What is said no more still takes the place of what waits: else the last word would be what is over.
        var last = server.Mails.Last(mail => mail.To == owner.Email);
        (last.Kind, last.IsDecoy, last.Topic).ShouldBe((AccountMailKind.OrganizationUnsuspended, true, MailsTo(owner)[0].Topic));
    }

    /// <summary>What is done again later, since it failed, comes after what happened since.</summary>
    [Fact]
    public async Task WhatIsOverByThen_IsNotTold()
    {
        var owner = await server.PersonAsync("Later");
        var (organization, _) = await server.OrganizationAsync(owner);
        var path = $"/api/admin/organizations/{IdentityServer.Text(organization, "id")}";
        var root = await OperatorAsync();
        await root.MakeAsync($"{path}/suspend", new { reason = "Spam." });
        await root.MakeAsync($"{path}/unsuspend", new { });
        await root.MakeAsync($"{path}/suspend", new { reason = "Worse." });
        await TestOutbox.DrainAsync(server.Server.Services);
        MailsTo(owner).ShouldHaveSingleItem().Values["reason"].ShouldBe("Worse.");
    }

    private List<AccountMail> MailsTo(OrganizationServer.Person person) => [.. server.Mails.Where(mail =>
        mail.To == person.Email && !mail.IsDecoy && mail.Kind is AccountMailKind.OrganizationSuspended or AccountMailKind.OrganizationUnsuspended)];

    private async Task<OrganizationServer.Person> OperatorAsync()
    {
        await server.Server.Services.GetRequiredService<IAccountSeeder>().EnsureAccountAsync("root@example.com", "Root", IdentityServer.Password, isOperator: true, CancellationToken.None);
        using var response = await server.Server.Client.PostAsJsonAsync("/auth/login", new { email = "root@example.com", password = IdentityServer.Password });
        var body = await response.Content.ReadFromJsonAsync<JsonElement>();
        return new OrganizationServer.Person(server, IdentityServer.Text(body.GetProperty("account"), "id"), "root@example.com", IdentityServer.Text(body, "access_token"));
    }
}
