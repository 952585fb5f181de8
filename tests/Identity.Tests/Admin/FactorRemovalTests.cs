using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Foundation;
using Tollgate.Identity.Tests.ApiTokens;
using Tollgate.Identity.Tests.Organizations;
using Tollgate.TestKit;
using Person = Tollgate.Identity.Tests.Organizations.OrganizationServer.Person;

namespace Tollgate.Identity.Tests.Admin;

/// <summary>Somebody has lost every second factor, and an operator has made sure who it is.</summary>
public sealed class FactorRemovalTests(OrganizationServer server) : IClassFixture<OrganizationServer>
{
    private const string Reason = "Called back at the number of the contract.";

    [Fact]
    public async Task Removal_EndsEverySession_LetsInByOneFactor_AndIsTold()
    {
        var (root, ada) = (await OperatorAsync(), await server.PersonAsync());
        var app = await AppAsync(ada);
        using var device = new FakeAuthenticator(server.Server.Address);
        await PasskeyAsync(ada, device);
        // The lost telephone's finder has the password too, and stands before the second step.
        var challenge = IdentityServer.Text(await IdentityServer.BodyAsync(LoginAsync(ada.Email), 202), "challenge");
        (await ViewAsync(root, ada)).GetProperty("second_factor").GetBoolean().ShouldBeTrue();
        (await root.GetAsync($"/api/admin/accounts?q={ada.Id}")).Body.GetProperty("data")[0].GetProperty("second_factor").GetBoolean().ShouldBeTrue();

        (await RemoveAsync(root, ada.Id)).Status.ShouldBe(204);
        (await ada.GetAsync("/me")).Status.ShouldBe(401);
        await IdentityServer.RefusedAsync(PostAsync("/auth/second-factor", new { challenge, code = app.CodeAt(server.Clock.GetUtcNow()) }), 401, "SIGN_IN_EXPIRED");
        var question = await IdentityServer.BodyAsync(PostAsync("/auth/passkey-sign-in/options", new { }));
        await IdentityServer.RefusedAsync(PostAsync("/auth/passkey-sign-in", new { challenge = IdentityServer.Text(question, "challenge"), credential = device.Get(question.GetProperty("options")) }), 401, "PASSKEY_INVALID");
        (await ViewAsync(root, ada)).GetProperty("second_factor").GetBoolean().ShouldBeFalse();

        ada = await SignInAsync(ada);
        var security = (await ada.GetAsync("/auth/security")).Body;
        (security.GetProperty("totp").GetBoolean(), security.GetProperty("passkeys").GetArrayLength(), security.GetProperty("recovery_codes_left").GetInt32(), security.GetProperty("password").GetBoolean()).ShouldBe((false, 0, 0, true));
        server.Mails.ShouldContain(mail => mail.To == ada.Email && mail.Kind == AccountMailKind.SecurityChanged && !mail.IsDecoy && mail.Values["change"].Contains("operators of this installation removed", StringComparison.Ordinal));
        // Whom it was done to reads it too.
        foreach (var reader in new[] { root, ada })
        {
            var entry = (await reader.GetAsync($"/api/audit-log?subject={ada.Id}&action=account.second_factor_removed")).Body.GetProperty("data").EnumerateArray().ShouldHaveSingleItem();
            (IdentityServer.Text(entry, "actor"), IdentityServer.Text(entry, "on_behalf_of")).ShouldBe((root.Email, ada.Id));
            var after = entry.GetProperty("after");
            (IdentityServer.Text(after, "reason"), after.GetProperty("authenticator_app").GetBoolean(), after.GetProperty("passkeys").GetInt32()).ShouldBe((Reason, true, 1));
        }

        // There is none any more: nothing is done, and nothing written.
        (await RemoveAsync(root, ada.Id)).Status.ShouldBe(204);
        (await ada.GetAsync("/me")).Status.ShouldBe(200);
        (await root.GetAsync($"/api/audit-log?subject={ada.Id}&action=account.second_factor_removed")).Body.GetProperty("data").GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task WhatStays_IsNamed_AndNoBrowserIsKnownAnyMore()
    {
        var (root, ada) = (await OperatorAsync(), await server.PersonAsync());
        await AppAsync(ada);
        await ApiTokenTests.CreateAsync(ada, ["organization:write"]);
        TypeId.TryParse(ada.Id, "acc", out var id).ShouldBeTrue();
        await ExecuteAsync("""
            WITH known AS (INSERT INTO identity.known_device (account_id, digest, last_used_at) VALUES ($1, '\x01', now()))
            INSERT INTO identity.outside_identity (id, account_id, provider, issuer, subject, created_at, last_used_at) VALUES (gen_random_uuid(), $1, 'acme', 'https://acme.example', $1::text, now(), now())
            """, id);

        (await RemoveAsync(root, ada.Id)).Status.ShouldBe(204);
        (await ExecuteAsync("DELETE FROM identity.known_device WHERE account_id = $1", id)).ShouldBe(0);
        var after = (await root.GetAsync($"/api/audit-log?subject={ada.Id}&action=account.second_factor_removed")).Body.GetProperty("data")[0].GetProperty("after");
        (after.GetProperty("outside_sign_ins").GetInt32(), after.GetProperty("api_tokens").GetInt32()).ShouldBe((1, 1));
        server.Mails.Last(mail => mail.To == ada.Email && mail.Kind == AccountMailKind.SecurityChanged).Values["change"].ShouldContain("outside providers (1) and API tokens (1)");
    }

    /// <summary>An app of before that never showed a code is no factor: nobody is signed out, and nothing told.</summary>
    [Fact]
    public async Task AppThatNeverShowedACode_IsNoFactorToRemove()
    {
        var (root, ada) = (await OperatorAsync(), await server.PersonAsync());
        TypeId.TryParse(ada.Id, "acc", out var id).ShouldBeTrue();
        await ExecuteAsync("INSERT INTO identity.totp (account_id, sealed, created_at) VALUES ($1, '\\x00', now())", id);
        (await RemoveAsync(root, ada.Id)).Status.ShouldBe(204);
        (await ada.GetAsync("/me")).Status.ShouldBe(200);
    }

    /// <summary>The app is there when its confirmation goes first, and goes with the rest; or the session that confirms it has ended.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Removal_InTheMomentOfAConfirmation_LeavesNoApp(bool confirmedFirst)
    {
        var (root, ada) = (await OperatorAsync(), await server.PersonAsync());
        await AppAsync(ada);
        var fresh = new AuthenticatorApp(IdentityServer.Text(await ada.MakeAsync("/auth/totp", new { }), "secret"));
        var confirm = () => ada.SendAsync(HttpMethod.Post, "/auth/totp/confirm", new { code = fresh.CodeAt(server.Clock.GetUtcNow()) });
        await using var held = await RowLock.TakeAsync(server.Database, $"SELECT FROM identity.account WHERE email = '{ada.Email}' FOR NO KEY UPDATE");
        var confirming = confirmedFirst ? confirm() : null;
        await (confirmedFirst ? held.UntilWaitingAsync(1) : Task.CompletedTask);
        var removing = RemoveAsync(root, ada.Id);
        await held.UntilWaitingAsync(confirmedFirst ? 2 : 1);
        confirming ??= confirm();
        await held.UntilWaitingAsync(2);
        await held.ReleaseAsync();
        ((await confirming).Status, (await removing).Status).ShouldBe((confirmedFirst ? 200 : 401, 204));
        (await ViewAsync(root, ada)).GetProperty("second_factor").GetBoolean().ShouldBeFalse();
        (await SignInAsync(ada)).Token.ShouldNotBeEmpty();
    }

    /// <summary>The only owner of an organization that asks its members for a second factor has lost the own one.</summary>
    [Fact]
    public async Task OnlyOwner_ComesBackToAnOrganizationThatAsksForAFactor()
    {
        var (root, owner) = (await OperatorAsync(), await server.PersonAsync("Owner"));
        var (organization, _) = await server.OrganizationAsync(owner);
        var path = $"/api/organizations/{IdentityServer.Text(organization, "slug")}";
        await AppAsync(owner);
        await owner.MakeAsync(path, new { require_second_factor = true }, HttpMethod.Patch);
        (await RemoveAsync(root, owner.Id)).Status.ShouldBe(204);

        owner = await SignInAsync(owner);
        await owner.RefusedAsync(HttpMethod.Get, path, null, 403, "SECOND_FACTOR_REQUIRED");
        await AppAsync(owner);
        (await owner.GetAsync(path)).Body.GetProperty("require_second_factor").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task Operators_KeepTheirs_UntilTheyAreOperatorsNoMore()
    {
        var (root, other) = (await OperatorAsync(), await OperatorAsync());
        foreach (var person in new[] { root, other })
        {
            await AppAsync(person);
            var (status, refused) = await RemoveAsync(root, person.Id);
            (status, IdentityServer.Text(refused, "code")).ShouldBe((409, "OPERATOR_ACCOUNT"));
        }
        (await other.GetAsync("/auth/security")).Body.GetProperty("totp").GetBoolean().ShouldBeTrue();
        await root.MakeAsync($"/api/admin/accounts/{other.Id}/role", new { role = "user" }, HttpMethod.Put);
        (await RemoveAsync(root, other.Id)).Status.ShouldBe(204);
        (await SignInAsync(other)).Token.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task Removal_IsAnOperators_WhoSaysHowItWasMadeSureAndHasShownLatelyWhoItIs()
    {
        var (root, ada) = (await OperatorAsync(), await server.PersonAsync());
        await AppAsync(ada);
        (await RemoveAsync(ada, ada.Id)).Status.ShouldBe(403);
        await root.RefusedAsync(HttpMethod.Delete, $"/api/admin/accounts/{ada.Id}/second-factor", new { reason = "  " }, 422, "VALIDATION_FAILED");
        (await RemoveAsync(root, TypeId.Format("acc", Guid.CreateVersion7()))).Status.ShouldBe(404);
        await server.ShownLongAgoAsync(root);
        var (status, refused) = await RemoveAsync(root, ada.Id);
        (status, IdentityServer.Text(refused, "code")).ShouldBe((403, "STEP_UP_REQUIRED"));
        (await ada.GetAsync("/auth/security")).Body.GetProperty("totp").GetBoolean().ShouldBeTrue();
    }

    private async Task<int> ExecuteAsync(string sql, Guid account)
    {
        await using var command = server.Database.OwnerOrSuperuser.CreateCommand(sql);
        command.Parameters.AddWithValue(account);
        return await command.ExecuteNonQueryAsync();
    }

    private static async Task<(int Status, JsonElement Body)> RemoveAsync(Person by, string account)
    {
        var (status, body, _) = await by.SendAsync(HttpMethod.Delete, $"/api/admin/accounts/{account}/second-factor", new { reason = Reason });
        return (status, body);
    }

    private static async Task<JsonElement> ViewAsync(Person root, Person whom) => (await root.GetAsync($"/api/admin/accounts/{whom.Id}")).Body.GetProperty("account");

    private async Task<Person> OperatorAsync()
    {
        var root = await server.PersonAsync("Root");
        TypeId.TryParse(root.Id, "acc", out var id).ShouldBeTrue();
        (await server.Server.Services.GetRequiredService<IOperators>().EnsureAsync(id, AuditActor.System("test"), CancellationToken.None)).ShouldBe(OperatorAnswer.Promoted);
        return root;
    }

    // By the code of half a minute ago: the one of now is for the next sign-in.
    private async Task<AuthenticatorApp> AppAsync(Person person)
    {
        var app = new AuthenticatorApp(IdentityServer.Text(await person.MakeAsync("/auth/totp", new { }), "secret"));
        await person.MakeAsync("/auth/totp/confirm", new { code = app.CodeAt(server.Clock.GetUtcNow(), -1) });
        return app;
    }

    private static async Task PasskeyAsync(Person person, FakeAuthenticator device)
    {
        var asked = await person.MakeAsync("/auth/passkeys/options", new { });
        await person.MakeAsync("/auth/passkeys", new { challenge = IdentityServer.Text(asked, "challenge"), name = "Phone", credential = device.Create(asked.GetProperty("options")) });
    }

    private async Task<Person> SignInAsync(Person person) => person with { Token = IdentityServer.Text(await IdentityServer.BodyAsync(LoginAsync(person.Email)), "access_token") };

    private Task<HttpResponseMessage> LoginAsync(string email) => PostAsync("/auth/login", new { email, password = IdentityServer.Password });

    private Task<HttpResponseMessage> PostAsync(string path, object body) => server.Server.Client.PostAsJsonAsync(path, body);
}
