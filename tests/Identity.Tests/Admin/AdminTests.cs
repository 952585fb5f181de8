using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Foundation;

namespace Tollgate.Identity.Tests.Admin;

/// <summary>What those who run the installation see and do, and what is written down of it.</summary>
public sealed class AdminTests : IAsyncLifetime
{
    private readonly IdentityServer _identity = new();
    private string _operator = "";
    private string _operatorId = "";

    public async ValueTask InitializeAsync()
    {
        await _identity.InitializeAsync();
        var seeder = _identity.Server.Services.GetRequiredService<IAccountSeeder>();
        var account = await seeder.EnsureAccountAsync("root@example.com", "Root", IdentityServer.Password, isOperator: true, CancellationToken.None);
        _operatorId = TypeId.Format("acc", account.AccountId);
        _operator = await LoginAsync("root@example.com");
    }

    public ValueTask DisposeAsync() => _identity.DisposeAsync();

    [Fact]
    public async Task Accounts_AreListedSearchedAndPaged_AndTheLookIsWrittenDown()
    {
        foreach (var name in new[] { "ada", "bea", "cy_d" })
        {
            _identity.Clock.Advance(TimeSpan.FromSeconds(1));
            await _identity.RegisterAsync($"{name}@example.com", name);
        }
        (await EmailsAsync("")).ShouldBe(["cy_d@example.com", "bea@example.com", "ada@example.com", "root@example.com"]);
        (await EmailsAsync("?q=BEA")).ShouldBe(["bea@example.com"]);
        (await EmailsAsync("?q=y_d")).ShouldBe(["cy_d@example.com"]);
        (await EmailsAsync("?q=%25")).ShouldBeEmpty();
        (await EmailsAsync("?status=operators")).ShouldBe(["root@example.com"]);
        var (_, first) = await SendAsync(HttpMethod.Get, "/api/admin/accounts?limit=2");
        (await EmailsAsync($"?limit=2&after={first.GetProperty("next").GetString()}")).ShouldBe(["ada@example.com", "root@example.com"]);
        var (_, organizations) = await SendAsync(HttpMethod.Get, "/api/admin/organizations?q=bea");
        organizations.GetProperty("data")[0].GetProperty("slug").GetString().ShouldBe("bea");
        (await ActionsAsync("accounts")).Count.ShouldBe(7);
    }

    [Fact]
    public async Task RemovedOrganization_IsToldApart_AndNothingIsDoneToItAnyMore()
    {
        var (_, token, _) = await RegisterAsync("ada@example.com");
        foreach (var slug in new[] { "stays", "goes", "suspended-then-gone" })
            (await SendAsync(HttpMethod.Post, "/api/organizations", new { name = $"The one that {slug}", slug }, token)).Status.ShouldBe(201);
        (await OrganizationsAsync("?status=removed")).ShouldBeEmpty();
        var gone = IdOf(await OrganizationsAsync("?q=goes"));
        var suspended = IdOf(await OrganizationsAsync("?q=suspended-then-gone"));
        (await SendAsync(HttpMethod.Post, $"/api/admin/organizations/{suspended}/suspend", new { reason = "Spam." })).Status.ShouldBe(204);
        foreach (var slug in new[] { "goes", "suspended-then-gone" })
            (await SendAsync(HttpMethod.Delete, $"/api/organizations/{slug}", token: token)).Status.ShouldBe(204);

        var (_, detail) = await SendAsync(HttpMethod.Get, $"/api/admin/organizations/{gone}");
        var seen = detail.GetProperty("organization");
        seen.GetProperty("removed_at").GetDateTimeOffset().ShouldBe(_identity.Clock.GetUtcNow(), TimeSpan.FromSeconds(1));
        seen.GetProperty("former_slugs").EnumerateArray().Select(slug => slug.GetString()).ShouldBe(["goes"]);
        detail.GetProperty("members").GetArrayLength().ShouldBe(0);
        (await OrganizationsAsync("?status=removed")).Select(IdOf).ShouldBe([gone, suspended], ignoreOrder: true);
        (await OrganizationsAsync("?status=suspended")).ShouldBeEmpty();
        (await OrganizationsAsync("?status=active&q=that")).Select(each => each.GetProperty("slug").GetString()).ShouldBe(["stays"]);
        (await OrganizationsAsync("?status=active")).ShouldAllBe(each => each.GetProperty("removed_at").ValueKind == JsonValueKind.Null);
        // By the slug that it was known under, which the row itself has no more.
        IdOf(await OrganizationsAsync("?q=suspended-then")).ShouldBe(suspended);

        foreach (var act in new[] { $"{gone}/suspend", $"{gone}/unsuspend", $"{suspended}/suspend", $"{suspended}/unsuspend" })
        {
            var (status, refused) = await SendAsync(HttpMethod.Post, $"/api/admin/organizations/{act}", new { reason = "Again." });
            (status, refused.GetProperty("code").GetString()).ShouldBe((409, "ORGANIZATION_REMOVED"), act);
        }
        (await LogAsync(gone, "organization.suspended")).GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task DeletedAccount_AndItsOrganization_AreToldApart_AndNothingIsDoneToThemAnyMore()
    {
        var (id, token, _) = await RegisterAsync("ada@example.com");
        await PromoteAsync(id);
        var organization = IdOf(await OrganizationsAsync("?q=ada"));
        (await SendAsync(HttpMethod.Post, "/me/delete", new { email = "ada@example.com" }, token)).Status.ShouldBe(204);

        var (_, detail) = await SendAsync(HttpMethod.Get, $"/api/admin/accounts/{id}");
        detail.GetProperty("account").GetProperty("deleted_at").GetDateTimeOffset().ShouldBe(_identity.Clock.GetUtcNow(), TimeSpan.FromSeconds(1));
        (await EmailsAsync("?status=deleted")).ShouldHaveSingleItem().ShouldEndWith("@deleted.invalid");
        (await EmailsAsync("?status=disabled")).ShouldBeEmpty();
        (await EmailsAsync("?status=operators")).ShouldBe(["root@example.com"]);
        (await EmailsAsync("?status=active")).ShouldBe(["root@example.com"]);
        IdOf(await OrganizationsAsync("?status=removed")).ShouldBe(organization);

        (HttpMethod Method, string Path, object? Body)[] acts =
        [
            (HttpMethod.Post, "disable", null), (HttpMethod.Post, "enable", null), (HttpMethod.Put, "role", new { role = "user" }), (HttpMethod.Put, "role", new { role = "admin" }),
            (HttpMethod.Delete, "sessions", null), (HttpMethod.Delete, "second-factor", new { reason = "Called back." }),
        ];
        foreach (var (method, path, body) in acts)
        {
            var (status, refused) = await SendAsync(method, $"/api/admin/accounts/{id}/{path}", body);
            (status, refused.GetProperty("code").GetString()).ShouldBe((409, "ACCOUNT_DELETED"), path);
        }
        (await SendAsync(HttpMethod.Post, $"/api/admin/accounts/{TypeId.Format("acc", Guid.CreateVersion7())}/enable")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task DeletedAccount_IsFoundByNoSlugOfItsOrganization_WhichWereMadeOfTheName()
    {
        var body = await _identity.RegisterAsync("hopper@example.com", "Hopper");
        var (id, token) = (IdentityServer.Text(body.GetProperty("account"), "id"), IdentityServer.Text(body, "access_token"));
        var personal = (await OrganizationsAsync("?q=hopper")).ShouldHaveSingleItem();
        var (organization, first) = (IdOf(personal), IdentityServer.Text(personal, "slug"));
        (await SendAsync(HttpMethod.Patch, $"/api/organizations/{first}", new { slug = "admiral-hopper" }, token)).Status.ShouldBe(200);
        Former(await OrganizationsAsync($"?q={first}")).ShouldBe([first]);
        (await SendAsync(HttpMethod.Post, "/me/delete", new { email = "hopper@example.com" }, token)).Status.ShouldBe(204);

        foreach (var slug in new[] { first, "admiral-hopper", "hopper" })
            (await OrganizationsAsync($"?q={slug}")).ShouldBeEmpty(slug);
        Former(await OrganizationsAsync("?status=removed")).ShouldBeEmpty();
        var (_, detail) = await SendAsync(HttpMethod.Get, $"/api/admin/organizations/{organization}");
        detail.ToString().ShouldNotContain("hopper");
        // The rows themselves are none of an operator's.
        TypeId.TryParse(_operatorId, "acc", out var self).ShouldBeTrue();
        TypeId.TryParse(organization, "org", out var removed).ShouldBeTrue();
        (await _identity.Database.Database.AsAppAsync(new TenantContext(self, []) { IsOperator = true },
            session => session.QuerySingleAsync<int>("SELECT count(*)::int FROM identity.organization_slug WHERE organization_id = @removed", new { removed }), CancellationToken.None)).ShouldBe(0);
        (await SendAsync(HttpMethod.Get, $"/api/admin/accounts/{id}")).Body.ToString().ShouldNotContain("hopper");
    }

    [Theory]
    [InlineData("/api/admin/accounts?status=suspended", "Use active, disabled, deleted or operators.")]
    [InlineData("/api/admin/organizations?status=disabled", "Use active, suspended or removed.")]
    public async Task List_OfAStateThatTheOtherListHas_IsRefused(string path, string says)
    {
        var (status, refused) = await SendAsync(HttpMethod.Get, path);
        status.ShouldBe(422);
        refused.GetProperty("errors")[0].GetProperty("message").GetString().ShouldBe(says);
    }

    [Fact]
    public async Task Disable_EndsSessionsAndSignsNobodyIn_UntilEnabled()
    {
        var (id, token, refresh) = await RegisterAsync("ada@example.com");
        await IdentityServer.BodyAsync(_identity.PostAsync("/auth/totp", new { }, token));
        (await SendAsync(HttpMethod.Post, $"/api/admin/accounts/{id}/disable", new { reason = "spam" })).Status.ShouldBe(204);
        (await _identity.Database.Database.AsWorkerAsync(worker => worker.QuerySingleAsync<long>("SELECT count(*) FROM identity.totp_offer"), CancellationToken.None)).ShouldBe(0, "an offer comes back with no opening");
        using (var me = await _identity.GetAsync("/me", token))
            ((int)me.StatusCode).ShouldBe(401);
        using (var refreshed = await _identity.RefreshAsync(refresh))
            ((int)refreshed.StatusCode).ShouldBe(401);
        (await TryLoginAsync("ada@example.com")).ShouldNotBe(200);
        var (_, account) = await SendAsync(HttpMethod.Get, $"/api/admin/accounts/{id}");
        account.GetProperty("sessions")[0].GetProperty("ended_reason").GetString().ShouldBe("account_disabled");
        (await SendAsync(HttpMethod.Post, $"/api/admin/accounts/{id}/enable")).Status.ShouldBe(204);
        (await TryLoginAsync("ada@example.com")).ShouldBe(200);
        using (var stays = await _identity.GetAsync("/me", token))
            ((int)stays.StatusCode).ShouldBe(401, "a session that has ended does not come back");

        var (_, log) = await SendAsync(HttpMethod.Get, $"/api/audit-log?subject={id}&action=account.disabled");
        var entry = log.GetProperty("data")[0];
        entry.GetProperty("actor").GetString().ShouldBe("root@example.com");
        entry.GetProperty("before").GetProperty("disabled").GetBoolean().ShouldBeFalse();
        entry.GetProperty("after").GetProperty("reason").GetString().ShouldBe("spam");
        using var own = await _identity.GetAsync("/api/audit-log?action=account.disabled", await LoginAsync("ada@example.com"));
        JsonDocument.Parse(await own.Content.ReadAsStringAsync()).RootElement.GetProperty("data").GetArrayLength().ShouldBe(1, "whom it was done to reads it too");
    }

    [Fact]
    public async Task Acts_LongAfterSigningIn_NeedToShowAgainWhoItIs()
    {
        var (id, _, _) = await RegisterAsync("ada@example.com");
        await using (var command = _identity.Database.OwnerOrSuperuser.CreateCommand("UPDATE identity.session SET authenticated_at = created_at - interval '11 minutes'"))
            await command.ExecuteNonQueryAsync();
        (HttpMethod Method, string Path, object? Body)[] acts =
        [
            (HttpMethod.Post, $"/api/admin/accounts/{id}/disable", null), (HttpMethod.Post, $"/api/admin/accounts/{id}/enable", null),
            (HttpMethod.Put, $"/api/admin/accounts/{id}/role", new { role = "user" }), (HttpMethod.Delete, $"/api/admin/accounts/{id}/sessions", null),
            (HttpMethod.Delete, $"/api/admin/sessions/{TypeId.Format("ses", Guid.CreateVersion7())}", null),
        ];
        foreach (var (method, path, body) in acts)
        {
            var (status, refused) = await SendAsync(method, path, body);
            (status, refused.GetProperty("code").GetString()).ShouldBe((403, "STEP_UP_REQUIRED"), path);
        }
        (await SendAsync(HttpMethod.Get, $"/api/admin/accounts/{id}")).Status.ShouldBe(200);
        (await SendAsync(HttpMethod.Post, "/auth/step-up", new { password = IdentityServer.Password })).Status.ShouldBe(200);
        foreach (var (method, path, body) in acts[..4])
            (await SendAsync(method, path, body)).Status.ShouldBe(204, path);
    }

    [Fact]
    public async Task Promoting_OutsideOfARequest_NeedsAnAddressThatIsProvedAndAnOpenAccount()
    {
        var (id, _, _) = await RegisterAsync("first@example.com");
        TypeId.TryParse(id, "acc", out var account).ShouldBeTrue();
        var operators = _identity.Server.Services.GetRequiredService<IOperators>();
        Task<OperatorAnswer> EnsureAsync() => operators.EnsureAsync(account, AuditActor.System("test"), CancellationToken.None);
        Task SetAsync(string set) => _identity.Database.Database.AsWorkerAsync(worker => worker.ExecuteAsync($"UPDATE identity.account SET {set} WHERE id = @account", new { account }), CancellationToken.None);

        (await EnsureAsync()).ShouldBe(OperatorAnswer.EmailUnproved);
        await SetAsync("email_verified_at = now(), disabled_at = now()");
        (await EnsureAsync()).ShouldBe(OperatorAnswer.Disabled);
        (await EmailsAsync("?status=operators")).ShouldBe(["root@example.com"]);
        await SetAsync("disabled_at = NULL");
        (await EnsureAsync()).ShouldBe(OperatorAnswer.Promoted);
        (await EnsureAsync()).ShouldBe(OperatorAnswer.IsOperator);
        (await EmailsAsync("?status=operators")).ShouldBe(["first@example.com", "root@example.com"], ignoreOrder: true);
        (await LogAsync(id, "account.role_set")).GetArrayLength().ShouldBe(1);
        (await LogAsync(_operatorId, "account.registered")).GetArrayLength().ShouldBe(1, "who was made by a command is in the log");
    }

    [Fact]
    public async Task Promoting_AnAddressThatNobodyHasProved_IsRefused_AsByTheCommand()
    {
        var (id, _, _) = await RegisterAsync("boss@example.com");
        (await SendAsync(HttpMethod.Get, $"/api/admin/accounts/{id}")).Body.GetProperty("account").GetProperty("email_verified").GetBoolean().ShouldBeFalse();
        var (status, refused) = await SendAsync(HttpMethod.Put, $"/api/admin/accounts/{id}/role", new { role = "admin" });
        (status, refused.GetProperty("code").GetString()).ShouldBe((409, "ACCOUNT_EMAIL_UNPROVED"));
        (await EmailsAsync("?status=operators")).ShouldBe(["root@example.com"]);
        await PromoteAsync(id);
        (await SendAsync(HttpMethod.Get, $"/api/admin/accounts/{id}")).Body.GetProperty("account").GetProperty("email_verified").GetBoolean().ShouldBeTrue();
        (await EmailsAsync("?status=operators")).ShouldBe(["boss@example.com", "root@example.com"], ignoreOrder: true);
    }

    [Fact]
    public async Task Act_WithoutTheBodyThatItNeeds_SaysSo()
    {
        var (id, _, _) = await RegisterAsync("ada@example.com");
        foreach (var (method, path) in new[] { (HttpMethod.Delete, $"/api/admin/accounts/{id}/second-factor"), (HttpMethod.Put, $"/api/admin/accounts/{id}/role") })
        {
            var (status, refused) = await SendAsync(method, path);
            (status, refused.GetProperty("detail").GetString()).ShouldBe((400, "Send a body as application/json."), path);
        }
    }

    [Fact]
    public async Task LastOperator_StaysOne()
    {
        var (_, refused) = await SendAsync(HttpMethod.Put, $"/api/admin/accounts/{_operatorId}/role", new { role = "user" });
        refused.GetProperty("code").GetString().ShouldBe("LAST_OPERATOR");
        (await SendAsync(HttpMethod.Post, $"/api/admin/accounts/{_operatorId}/disable")).Status.ShouldBe(409);
        var (id, token, _) = await RegisterAsync("ada@example.com");
        await PromoteAsync(id);
        using (var listed = await _identity.GetAsync("/api/admin/accounts", token))
            ((int)listed.StatusCode).ShouldBe(200);
        var both = await Task.WhenAll(
            SendAsync(HttpMethod.Put, $"/api/admin/accounts/{id}/role", new { role = "user" }),
            SendAsync(HttpMethod.Put, $"/api/admin/accounts/{_operatorId}/role", new { role = "user" }, token));
        both.Select(one => one.Status).Order().First().ShouldBe(204);
        await using var left = _identity.Database.OwnerOrSuperuser.CreateCommand("SELECT count(*) FROM identity.account WHERE role = 'admin' AND disabled_at IS NULL");
        (await left.ExecuteScalarAsync()).ShouldBe(1L);
    }

    [Fact]
    public async Task LastOperator_DoesNotDeleteTheOwnAccount_OneOfTwoDoes()
    {
        async Task<(int Status, string Code)> DeleteAsync(string email, string? token = null)
        {
            var (status, body) = await SendAsync(HttpMethod.Post, "/me/delete", new { email }, token);
            return (status, status < 400 ? "" : body.GetProperty("code").GetString()!);
        }
        (await DeleteAsync("root@example.com")).ShouldBe((409, "LAST_OPERATOR"));
        (await SendAsync(HttpMethod.Get, "/me")).Status.ShouldBe(200);
        var (id, token, _) = await RegisterAsync("ada@example.com");
        await PromoteAsync(id);
        // A closed one counts for nothing.
        (await SendAsync(HttpMethod.Post, $"/api/admin/accounts/{id}/disable")).Status.ShouldBe(204);
        (await DeleteAsync("root@example.com")).ShouldBe((409, "LAST_OPERATOR"));
        (await SendAsync(HttpMethod.Post, $"/api/admin/accounts/{id}/enable")).Status.ShouldBe(204);
        token = await LoginAsync("ada@example.com");
        var both = await Task.WhenAll(DeleteAsync("root@example.com"), DeleteAsync("ada@example.com", token));
        both.Select(one => one.Status).Order().ShouldBe([204, 409]);
        await using var left = _identity.Database.OwnerOrSuperuser.CreateCommand("SELECT count(*) FROM identity.account WHERE role = 'admin' AND disabled_at IS NULL AND deleted_at IS NULL");
        (await left.ExecuteScalarAsync()).ShouldBe(1L);
    }

    [Fact]
    public async Task Disable_EndsApiTokensAtOnce_ForGood()
    {
        var (id, token, _) = await RegisterAsync("ada@example.com");
        using var made = await _identity.PostAsync("/api/tokens", new { name = "CI", scopes = new[] { "apis:read" } }, token);
        var secret = IdentityServer.Text(await made.Content.ReadFromJsonAsync<JsonElement>(), "secret");
        (await SendAsync(HttpMethod.Get, "/me", token: secret)).Status.ShouldBe(200);
        (await SendAsync(HttpMethod.Post, $"/api/admin/accounts/{id}/disable")).Status.ShouldBe(204);
        (await SendAsync(HttpMethod.Get, "/me", token: secret)).Status.ShouldBe(401);
        (await SendAsync(HttpMethod.Post, $"/api/admin/accounts/{id}/enable")).Status.ShouldBe(204);
        (await SendAsync(HttpMethod.Get, "/me", token: secret)).Status.ShouldBe(401);
    }

    [Fact]
    public async Task Sessions_AreSeenAndEnded()
    {
        var (id, token, _) = await RegisterAsync("ada@example.com");
        var other = await LoginAsync("ada@example.com");
        var (_, account) = await SendAsync(HttpMethod.Get, $"/api/admin/accounts/{id}");
        account.GetProperty("account").GetProperty("live_sessions").GetInt32().ShouldBe(2);
        account.GetProperty("organizations")[0].GetProperty("role").GetString().ShouldBe("owner");
        using (var me = await _identity.GetAsync("/me", token))
        {
            var session = JsonDocument.Parse(await me.Content.ReadAsStringAsync()).RootElement.GetProperty("session").GetProperty("id").GetString();
            (await SendAsync(HttpMethod.Delete, $"/api/admin/sessions/{session}")).Status.ShouldBe(204);
        }
        using (var ended = await _identity.GetAsync("/me", token))
            ((int)ended.StatusCode).ShouldBe(401);
        using (var lives = await _identity.GetAsync("/me", other))
            ((int)lives.StatusCode).ShouldBe(200);
        (await SendAsync(HttpMethod.Delete, $"/api/admin/accounts/{id}/sessions")).Status.ShouldBe(204);
        using (var gone = await _identity.GetAsync("/me", other))
            ((int)gone.StatusCode).ShouldBe(401);
        (await ActionsAsync("account")).ShouldBe(["account.sessions_ended", "account.session_ended", "account.viewed"], ignoreOrder: true);
        (await SendAsync(HttpMethod.Delete, $"/api/admin/sessions/{TypeId.Format("ses", Guid.CreateVersion7())}")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task Operator_WithoutThePolicyOfItsOwn_SeesNoForeignRow()
    {
        await _identity.RegisterAsync("ada@example.com");
        TypeId.TryParse(_operatorId, "acc", out var id).ShouldBeTrue();
        var own = new TenantContext(id, []);
        (await CountAsync(own)).ShouldBe(1);
        (await CountAsync(own with { IsOperator = true })).ShouldBe(2);
    }

    private Task<int> CountAsync(TenantContext tenant) =>
        _identity.Database.Database.AsAppAsync(tenant, session => session.QuerySingleAsync<int>("SELECT count(*)::int FROM identity.account"), CancellationToken.None);

    private async Task PromoteAsync(string id)
    {
        TypeId.TryParse(id, "acc", out var account).ShouldBeTrue();
        await _identity.Database.Database.AsWorkerAsync(worker => worker.ExecuteAsync("UPDATE identity.account SET email_verified_at = now() WHERE id = @account", new { account }), CancellationToken.None);
        (await SendAsync(HttpMethod.Put, $"/api/admin/accounts/{id}/role", new { role = "admin" })).Status.ShouldBe(204);
    }

    private async Task<List<string>> EmailsAsync(string query)
    {
        var (status, body) = await SendAsync(HttpMethod.Get, $"/api/admin/accounts{query}");
        status.ShouldBe(200, body.ToString());
        return [.. body.GetProperty("data").EnumerateArray().Select(one => one.GetProperty("email").GetString()!)];
    }

    private async Task<List<JsonElement>> OrganizationsAsync(string query)
    {
        var (status, body) = await SendAsync(HttpMethod.Get, $"/api/admin/organizations{query}");
        status.ShouldBe(200, body.ToString());
        return [.. body.GetProperty("data").EnumerateArray()];
    }

    private static IEnumerable<string?> Former(List<JsonElement> only) => only.ShouldHaveSingleItem().GetProperty("former_slugs").EnumerateArray().Select(slug => slug.GetString());

    private static string IdOf(List<JsonElement> only) => IdOf(only.ShouldHaveSingleItem());

    private static string IdOf(JsonElement one) => IdentityServer.Text(one, "id");

    private async Task<JsonElement> LogAsync(string subject, string action) => (await SendAsync(HttpMethod.Get, $"/api/audit-log?subject={subject}&action={action}")).Body.GetProperty("data");

    private async Task<List<string>> ActionsAsync(string noun)
    {
        var (_, body) = await SendAsync(HttpMethod.Get, $"/api/audit-log?action={noun}&account={_operatorId}");
        return [.. body.GetProperty("data").EnumerateArray().Select(one => one.GetProperty("action").GetString()!)];
    }

    private async Task<(string Id, string Token, string Refresh)> RegisterAsync(string email)
    {
        var body = await _identity.RegisterAsync(email);
        return (IdentityServer.Text(body.GetProperty("account"), "id"), IdentityServer.Text(body, "access_token"), IdentityServer.Text(body, "refresh_token"));
    }

    private async Task<string> LoginAsync(string email)
    {
        using var response = await _identity.Client.PostAsJsonAsync("/auth/login", new { email, password = IdentityServer.Password });
        return IdentityServer.Text(await response.Content.ReadFromJsonAsync<JsonElement>(), "access_token");
    }

    private async Task<int> TryLoginAsync(string email)
    {
        using var response = await _identity.Client.PostAsJsonAsync("/auth/login", new { email, password = IdentityServer.Password });
        return (int)response.StatusCode;
    }

    private async Task<(int Status, JsonElement Body)> SendAsync(HttpMethod method, string path, object? body = null, string? token = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        request.Headers.Authorization = new("Bearer", token ?? _operator);
        using var response = await _identity.Client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return ((int)response.StatusCode, text.Length == 0 ? default : JsonDocument.Parse(text).RootElement);
    }
}
