using System.Net.Http.Json;
using System.Text.Json;
using Tollgate.Foundation;
using Tollgate.Identity.Tests.ApiTokens;
using Tollgate.Identity.Tests.Organizations;
using Tollgate.TestKit;
using Person = Tollgate.Identity.Tests.Organizations.OrganizationServer.Person;

namespace Tollgate.Identity.Tests.SecondFactor;

/// <summary>An organization that asks a second factor of its members: who has shown none sees nothing of it. Every endpoint of the program is walked in Architecture.Tests.</summary>
public sealed class RequiredFactorTests(OrganizationServer server) : IClassFixture<OrganizationServer>
{
    private const string Required = "SECOND_FACTOR_REQUIRED";

    [Fact]
    public async Task Member_WithoutAFactor_SeesNothing_UntilOneIsAdded()
    {
        var (owner, path, members) = await AskingAsync("admin");
        var admin = members[0];
        foreach (var (method, where, body) in new (HttpMethod, string, object?)[]
                 {
                     (HttpMethod.Get, path, null), (HttpMethod.Get, $"{path}/members", null), (HttpMethod.Patch, path, new { name = "Mine" }), (HttpMethod.Get, $"{path}/invitations", null),
                     (HttpMethod.Post, $"{path}/invitations", new { email = "friend@example.com", role = "viewer" }), (HttpMethod.Delete, $"{path}/members/{owner.Id}", null),
                     (HttpMethod.Get, $"/api/audit-log?organization={path.Split('/')[^1]}", null), (HttpMethod.Get, $"{path}/tokens", null),
                 })
            await admin.RefusedAsync(method, where, body, 403, Required);

        var listed = Of(path, (await admin.GetAsync("/api/organizations")).Body.GetProperty("data"));
        (listed.GetProperty("require_second_factor").GetBoolean(), listed.GetProperty("second_factor_missing").GetBoolean()).ShouldBe((true, true));
        Of(path, (await admin.GetAsync("/me")).Body.GetProperty("organizations")).GetProperty("second_factor_missing").GetBoolean().ShouldBeTrue();

        await AppAsync(admin);
        (await admin.GetAsync($"{path}/members")).Status.ShouldBe(200);
        Of(path, (await admin.GetAsync("/api/organizations")).Body.GetProperty("data")).GetProperty("second_factor_missing").GetBoolean().ShouldBeFalse();
    }

    [Fact]
    public async Task Member_WithoutAFactor_MayLeave()
    {
        var (_, path, members) = await AskingAsync("viewer");
        (await members[0].SendAsync(HttpMethod.Post, $"{path}/leave")).Status.ShouldBe(204);
        (await members[0].GetAsync(path)).Status.ShouldBe(404);
    }

    /// <summary>Also of what one did there oneself: an entry shows before and after.</summary>
    [Fact]
    public async Task OwnEntries_LeaveOutThoseOfAnOrganizationThatIsWithheld()
    {
        var owner = await server.PersonAsync("Owner");
        var (organization, members) = await server.OrganizationAsync(owner, "admin");
        var (admin, id, path) = (members[0], IdentityServer.Text(organization, "id"), $"/api/organizations/{IdentityServer.Text(organization, "slug")}");
        await admin.MakeAsync(path, new { name = "Renamed" }, HttpMethod.Patch);
        await owner.MakeAsync($"{path}/members/{admin.Id}", new { role = "owner" }, HttpMethod.Patch);
        await AppAsync(owner);
        (await OwnAsync(admin)).ShouldSatisfyAllConditions(own => own.ShouldContain($"organization.changed {id}"), own => own.ShouldContain($"member.role_changed {id}"));

        await owner.MakeAsync(path, new { require_second_factor = true }, HttpMethod.Patch);
        (await OwnAsync(admin)).ShouldSatisfyAllConditions(own => own.ShouldNotBeEmpty(), own => own.ShouldAllBe(entry => !entry.EndsWith(id)));
        (await ExportAsync(admin)).ShouldSatisfyAllConditions(file => file.ShouldContain("account."), file => file.ShouldNotContain(id));
        await AppAsync(admin);
        (await OwnAsync(admin)).ShouldContain($"organization.changed {id}");
        (await ExportAsync(admin)).ShouldContain(id);
    }

    /// <summary>A passkey is another way in, and no password asks for it: what counts is what the session has shown.</summary>
    [Fact]
    public async Task Session_ThatShowedOnlyThePassword_IsRefused_UntilItShowsThePasskey()
    {
        var (_, path, members) = await AskingAsync("developer");
        using var device = new FakeAuthenticator(server.Server.Address);
        await PasskeyAsync(members[0], device);
        (await members[0].GetAsync($"{path}/members")).Status.ShouldBe(200);

        var thief = await SignInAsync(members[0]);
        await thief.RefusedAsync(HttpMethod.Get, $"{path}/members", null, 403, Required);
        await thief.MakeAsync("/auth/step-up", new { password = IdentityServer.Password });
        await thief.RefusedAsync(HttpMethod.Get, $"{path}/members", null, 403, Required);
        // Nor does a factor of his own help him: where one is asked for, who has one shows it first.
        await thief.RefusedAsync(HttpMethod.Post, "/auth/totp", new { }, 403, Required);
        await thief.RefusedAsync(HttpMethod.Post, "/auth/totp/confirm", new { code = "000000" }, 403, Required);
        await thief.RefusedAsync(HttpMethod.Post, "/auth/passkeys/options", new { }, 403, Required);
        await thief.RefusedAsync(HttpMethod.Post, "/auth/passkeys", new { challenge = "c", name = "n", credential = new { } }, 403, Required);
        await thief.RefusedAsync(HttpMethod.Post, "/auth/recovery-codes", new { }, 403, Required);
        await thief.RefusedAsync(HttpMethod.Delete, "/auth/passkeys/pky_00000000000000000000000000", null, 403, Required);
        await thief.RefusedAsync(HttpMethod.Delete, "/auth/totp", null, 403, Required);
        // Nor does he get there by leaving who asks.
        await thief.RefusedAsync(HttpMethod.Post, $"{path}/leave", null, 403, Required);

        await ShowAsync(thief, device);
        (await thief.GetAsync($"{path}/members")).Status.ShouldBe(200);
        (await thief.GetAsync("/auth/security")).Body.GetProperty("second_factor_shown").GetBoolean().ShouldBeTrue();
        (await thief.SendAsync(HttpMethod.Post, $"{path}/leave")).Status.ShouldBe(204);
    }

    [Fact]
    public async Task SignIn_WithPasswordAndApp_IsTwoFactors_AndSoIsOneByAPasskey()
    {
        var (_, path, members) = await AskingAsync("developer", "viewer");
        var app = await AppAsync(members[0]);
        (await (await SignInAsync(members[0], app)).GetAsync(path)).Status.ShouldBe(200);

        using var device = new FakeAuthenticator(server.Server.Address);
        await PasskeyAsync(members[1], device);
        var question = await IdentityServer.BodyAsync(PostAsync("/auth/passkey-sign-in/options", new { }));
        var session = await IdentityServer.BodyAsync(PostAsync("/auth/passkey-sign-in", new { challenge = IdentityServer.Text(question, "challenge"), credential = device.Get(question.GetProperty("options")) }));
        (await (members[1] with { Token = IdentityServer.Text(session, "access_token") }).GetAsync(path)).Status.ShouldBe(200);
    }

    [Fact]
    public async Task ApiToken_WorksOnlyWhenItWasMadeInASessionThatHadShownOne()
    {
        var (_, path, members) = await AskingAsync("admin");
        var admin = members[0];
        var (_, early) = await ApiTokenTests.CreateAsync(admin, ["organization:write"]);
        await admin.RefusedAsync(HttpMethod.Post, "/api/tokens", new { name = "bound", scopes = new[] { "organization:write" }, organization = path.Split('/')[^1] }, 403, Required);
        await AppAsync(admin);
        var (status, answer) = await ApiTokenTests.SendAsync(server, early, HttpMethod.Get, path, null);
        (status, IdentityServer.Text(answer, "code")).ShouldBe((403, Required));
        var (_, late) = await ApiTokenTests.CreateAsync(admin, ["organization:write"]);
        (await ApiTokenTests.SendAsync(server, late, HttpMethod.Get, path, null)).Status.ShouldBe(200);
        (await admin.GetAsync("/api/tokens")).Body.GetProperty("data").EnumerateArray().Select(token => token.GetProperty("second_factor").GetBoolean()).ShouldBe([true, false], ignoreOrder: true);
    }

    [Fact]
    public async Task Asking_IsAnOwners_InPerson_WhoHasShownLatelyWhoItIs_AndHasAFactor()
    {
        var owner = await server.PersonAsync("Owner");
        var (organization, members) = await server.OrganizationAsync(owner, "admin", "owner");
        var path = $"/api/organizations/{IdentityServer.Text(organization, "slug")}";
        var ask = new { require_second_factor = true };
        await owner.RefusedAsync(HttpMethod.Patch, path, ask, 409, "NO_SECOND_FACTOR");
        await AppAsync(members[0]);
        await members[0].RefusedAsync(HttpMethod.Patch, path, ask, 403, "FORBIDDEN");
        // What is so already is nobody's act.
        await members[0].MakeAsync(path, new { require_second_factor = false, name = "Renamed" }, HttpMethod.Patch);

        await AppAsync(owner);
        var (_, secret) = await ApiTokenTests.CreateAsync(owner, ["organization:write"]);
        (await ApiTokenTests.SendAsync(server, secret, HttpMethod.Patch, path, ask)).ShouldSatisfyAllConditions(
            sent => sent.Status.ShouldBe(403), sent => IdentityServer.Text(sent.Item2, "code").ShouldBe("SESSION_REQUIRED"));
        await server.ShownLongAgoAsync(owner);
        await owner.RefusedAsync(HttpMethod.Patch, path, ask, 403, "STEP_UP_REQUIRED");
        await owner.MakeAsync("/auth/step-up", new { password = IdentityServer.Password });
        (await owner.MakeAsync(path, ask, HttpMethod.Patch)).GetProperty("require_second_factor").GetBoolean().ShouldBeTrue();

        // To lift it is the same act.
        await AppAsync(members[1]);
        await members[0].RefusedAsync(HttpMethod.Patch, path, new { require_second_factor = false }, 403, "FORBIDDEN");
        (await members[1].MakeAsync(path, new { require_second_factor = false }, HttpMethod.Patch)).GetProperty("require_second_factor").GetBoolean().ShouldBeFalse();
    }

    [Fact]
    public async Task Asking_BySomebodyWhoseSessionHasNotShownTheFactor_IsRefused()
    {
        var owner = await server.PersonAsync("Owner");
        var (organization, _) = await server.OrganizationAsync(owner);
        using var device = new FakeAuthenticator(server.Server.Address);
        await PasskeyAsync(owner, device);
        await (await SignInAsync(owner)).RefusedAsync(HttpMethod.Patch, $"/api/organizations/{IdentityServer.Text(organization, "slug")}", new { require_second_factor = true }, 403, Required);
    }

    [Fact]
    public async Task Asking_IsMailedToEveryMember_AndWrittenDown()
    {
        var (owner, path, members) = await AskingAsync("admin", "viewer");
        await TestOutbox.DrainAsync(server.Server.Services);
        foreach (var person in members.Append(owner))
        {
            var mail = server.Mails.Where(mail => mail.To == person.Email && mail.Kind == AccountMailKind.SecondFactorAsked).ShouldHaveSingleItem();
            (mail.Path, mail.Values["organization"]).ShouldBe(("/account", Of(path, (await owner.GetAsync("/api/organizations")).Body.GetProperty("data")).GetProperty("name").GetString()!));
        }
        var entry = (await owner.GetAsync($"/api/audit-log?organization={path.Split('/')[^1]}&action=organization.changed")).Body.GetProperty("data")[0];
        entry.GetProperty("before").GetProperty("require_second_factor").GetBoolean().ShouldBeFalse();
        entry.GetProperty("after").GetProperty("require_second_factor").GetBoolean().ShouldBeTrue();
    }

    /// <summary>Else who asks and lifts it all day leaves a member no room for the news of who changed the member's password.</summary>
    [Fact]
    public async Task News_OfAskingAgainAndAgain_AreOneADay_AndUseUpNoOtherNews()
    {
        var (owner, path, members) = await AskingAsync("viewer");
        for (var i = 0; i < 21; i++)
        {
            await TestOutbox.DrainAsync(server.Server.Services);
            foreach (var asks in new[] { false, true })
                await owner.MakeAsync(path, new { require_second_factor = asks }, HttpMethod.Patch);
        }
        await TestOutbox.DrainAsync(server.Server.Services);
        var told = server.Mails.Where(mail => mail.To == members[0].Email && mail.Kind == AccountMailKind.SecondFactorAsked).ShouldHaveSingleItem();
        told.Topic.ShouldNotBeNull().ShouldNotContain("@");
        await members[0].MakeAsync("/auth/password", new { current_password = IdentityServer.Password, password = "a wholly different sentence" });
        server.Mails.ShouldContain(mail => mail.To == members[0].Email && mail.Kind == AccountMailKind.PasswordChanged && !mail.IsDecoy);
    }

    [Fact]
    public async Task News_OfWhatWasLiftedMeanwhile_AreNotTold()
    {
        var (owner, path, _) = await AskingAsync();
        await owner.MakeAsync(path, new { require_second_factor = false }, HttpMethod.Patch);
        await TestOutbox.DrainAsync(server.Server.Services);
        server.Mails.ShouldNotContain(mail => mail.To == owner.Email && mail.Kind == AccountMailKind.SecondFactorAsked);
    }

    [Fact]
    public async Task LastFactor_StaysWhileAnOrganizationAsksForOne()
    {
        var (owner, path, _) = await AskingAsync();
        await owner.RefusedAsync(HttpMethod.Delete, "/auth/totp", null, 409, "LAST_SECOND_FACTOR");
        (await owner.GetAsync("/auth/security")).Body.ShouldSatisfyAllConditions(
            security => security.GetProperty("totp").GetBoolean().ShouldBeTrue(), security => security.GetProperty("recovery_codes_left").GetInt32().ShouldBe(10));
        using var device = new FakeAuthenticator(server.Server.Address);
        var passkey = await PasskeyAsync(owner, device);
        (await owner.SendAsync(HttpMethod.Delete, "/auth/totp")).Status.ShouldBe(204);
        await owner.RefusedAsync(HttpMethod.Delete, $"/auth/passkeys/{passkey}", null, 409, "LAST_SECOND_FACTOR");
        await owner.MakeAsync(path, new { require_second_factor = false }, HttpMethod.Patch);
        (await owner.SendAsync(HttpMethod.Delete, $"/auth/passkeys/{passkey}")).Status.ShouldBe(204);
    }

    [Fact]
    public async Task LastFactor_IsReplaced_ByWhoHasShownIt()
    {
        var (owner, path, members) = await AskingAsync("admin");
        var old = await AppAsync(members[0]);
        await AppAsync(owner);
        await owner.RefusedAsync(HttpMethod.Delete, "/auth/totp", null, 409, "LAST_SECOND_FACTOR");
        (await owner.GetAsync(path)).Status.ShouldBe(200);

        var other = await SignInAsync(members[0], old);
        (await other.GetAsync(path)).Status.ShouldBe(200);
        var fresh = await AppAsync(members[0]);
        (await members[0].GetAsync(path)).Status.ShouldBe(200);
        // What it has shown is the app of before: it may be somebody else's by now. No password helps it.
        await other.RefusedAsync(HttpMethod.Get, path, null, 403, Required);
        await other.MakeAsync("/auth/step-up", new { password = IdentityServer.Password });
        await other.RefusedAsync(HttpMethod.Post, "/auth/totp", new { }, 403, Required);
        await other.MakeAsync("/auth/step-up", new { code = fresh.CodeAt(server.Clock.GetUtcNow()) });
        (await other.GetAsync(path)).Status.ShouldBe(200);
    }

    /// <summary>What another session has shown may be the one that is gone.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task FactorLess_OtherSessionsShowOneAgain(bool app)
    {
        var (_, path, members) = await AskingAsync("admin");
        var totp = await AppAsync(members[0]);
        using var device = new FakeAuthenticator(server.Server.Address);
        var passkey = await PasskeyAsync(members[0], device);
        var other = await SignInAsync(members[0], totp);
        var challenge = IdentityServer.Text(await IdentityServer.BodyAsync(LoginAsync(members[0]), 202), "challenge");
        (await other.GetAsync(path)).Status.ShouldBe(200);

        (await members[0].SendAsync(HttpMethod.Delete, app ? "/auth/totp" : $"/auth/passkeys/{passkey}")).Status.ShouldBe(204);
        (await members[0].GetAsync(path)).Status.ShouldBe(200);
        await other.RefusedAsync(HttpMethod.Get, path, null, 403, Required);
        var next = totp.CodeAt(server.Clock.GetUtcNow(), 1);
        await IdentityServer.RefusedAsync(PostAsync("/auth/second-factor", new { challenge, code = next }), 401, "SIGN_IN_EXPIRED");
        await (app ? ShowAsync(other, device) : other.MakeAsync("/auth/step-up", new { code = next }));
        (await other.GetAsync(path)).Status.ShouldBe(200);
    }

    [Fact]
    public async Task LastTwoFactors_RemovedAtOnce_OneStays()
    {
        var (owner, _, _) = await AskingAsync();
        using var device = new FakeAuthenticator(server.Server.Address);
        var passkey = await PasskeyAsync(owner, device);
        await using var gate = await StatementGate.CloseAsync(server.Database, "identity.audit_entry", "INSERT");
        var first = owner.SendAsync(HttpMethod.Delete, "/auth/totp");
        await gate.UntilWaitingAsync(1);
        var second = owner.SendAsync(HttpMethod.Delete, $"/auth/passkeys/{passkey}");
        await gate.UntilWaitingAsync(2);
        await gate.OpenAsync();
        ((await first).Status, (await second).Status).ShouldBe((204, 409));
    }

    /// <summary>Whoever asks others for a factor while removing the own one does one of the two.</summary>
    [Fact]
    public async Task LastFactor_RemovedInTheMomentOfAsking_MakesTheAskingFail()
    {
        var owner = await server.PersonAsync("Owner");
        var (organization, _) = await server.OrganizationAsync(owner);
        await AppAsync(owner);
        await using var gate = await StatementGate.CloseAsync(server.Database, "identity.audit_entry", "INSERT");
        var removing = owner.SendAsync(HttpMethod.Delete, "/auth/totp");
        await gate.UntilWaitingAsync(1);
        var asking = owner.SendAsync(HttpMethod.Patch, $"/api/organizations/{IdentityServer.Text(organization, "slug")}", new { require_second_factor = true });
        await gate.UntilWaitingAsync(2);
        await gate.OpenAsync();
        (await removing).Status.ShouldBe(204);
        var (status, answer, _) = await asking;
        (status, IdentityServer.Text(answer, "code")).ShouldBe((409, "NO_SECOND_FACTOR"));
    }

    /// <summary>An organization that asks for a second factor, whose owner has an app, with a member of each of these roles who has none.</summary>
    private async Task<(Person Owner, string Path, List<Person> Members)> AskingAsync(params string[] roles)
    {
        var owner = await server.PersonAsync("Owner");
        var (organization, members) = await server.OrganizationAsync(owner, roles);
        var path = $"/api/organizations/{IdentityServer.Text(organization, "slug")}";
        await AppAsync(owner);
        await owner.MakeAsync(path, new { require_second_factor = true }, HttpMethod.Patch);
        return (owner, path, members);
    }

    private static async Task<List<string>> OwnAsync(Person person) => [.. (await person.GetAsync("/api/audit-log?limit=100")).Body.GetProperty("data").EnumerateArray()
        .Select(entry => $"{IdentityServer.Text(entry, "action")} {(entry.TryGetProperty("organization_id", out var of) ? of.GetString() : null)}")];

    private async Task<string> ExportAsync(Person person)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/audit-log/export");
        request.Headers.Authorization = new("Bearer", person.Token);
        using var response = await server.Server.Client.SendAsync(request);
        ((int)response.StatusCode).ShouldBe(200);
        return await response.Content.ReadAsStringAsync();
    }

    // By the code of half a minute ago: the one of now is for the next sign-in.
    private async Task<AuthenticatorApp> AppAsync(Person person)
    {
        var app = new AuthenticatorApp(IdentityServer.Text(await person.MakeAsync("/auth/totp", new { }), "secret"));
        await person.MakeAsync("/auth/totp/confirm", new { code = app.CodeAt(server.Clock.GetUtcNow(), -1) });
        return app;
    }

    private static async Task<string> PasskeyAsync(Person person, FakeAuthenticator device)
    {
        var asked = await person.MakeAsync("/auth/passkeys/options", new { });
        return IdentityServer.Text(await person.MakeAsync("/auth/passkeys", new { challenge = IdentityServer.Text(asked, "challenge"), name = "Phone", credential = device.Create(asked.GetProperty("options")) }), "id");
    }

    private async Task ShowAsync(Person person, FakeAuthenticator device)
    {
        var asked = await IdentityServer.BodyAsync(PostAsync("/auth/passkey-sign-in/options", new { }));
        await person.MakeAsync("/auth/step-up", new { challenge = IdentityServer.Text(asked, "challenge"), credential = device.Get(asked.GetProperty("options")) });
    }

    private async Task<Person> SignInAsync(Person person) => person with { Token = IdentityServer.Text(await IdentityServer.BodyAsync(LoginAsync(person)), "access_token") };

    private async Task<Person> SignInAsync(Person person, AuthenticatorApp app)
    {
        var challenge = IdentityServer.Text(await IdentityServer.BodyAsync(LoginAsync(person), 202), "challenge");
        var session = await IdentityServer.BodyAsync(PostAsync("/auth/second-factor", new { challenge, code = app.CodeAt(server.Clock.GetUtcNow()) }));
        return person with { Token = IdentityServer.Text(session, "access_token") };
    }

    private Task<HttpResponseMessage> LoginAsync(Person person) => PostAsync("/auth/login", new { email = person.Email, password = IdentityServer.Password });

    private Task<HttpResponseMessage> PostAsync(string path, object body) => server.Server.Client.PostAsJsonAsync(path, body);

    private static JsonElement Of(string path, JsonElement organizations) => organizations.EnumerateArray().Single(one => path.EndsWith($"/{IdentityServer.Text(one, "slug")}", StringComparison.Ordinal));
}
