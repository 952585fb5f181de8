using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Tollgate.Foundation;

namespace Tollgate.Identity.Tests.Admin;

/// <summary>An operator suspends an organization: who may, what its members see, and what is written down.</summary>
public sealed class SuspensionTests : IAsyncLifetime
{
    private readonly IdentityServer _identity = new();
    private string _operator = "";
    private string _owner = "";
    private string _organization = "";

    public async ValueTask InitializeAsync()
    {
        await _identity.InitializeAsync();
        await _identity.Server.Services.GetRequiredService<IAccountSeeder>().EnsureAccountAsync("root@example.com", "Root", IdentityServer.Password, isOperator: true, CancellationToken.None);
        using var login = await _identity.Client.PostAsJsonAsync("/auth/login", new { email = "root@example.com", password = IdentityServer.Password });
        _operator = IdentityServer.Text(await login.Content.ReadFromJsonAsync<JsonElement>(), "access_token");
        var registered = await _identity.RegisterAsync("ada@example.com");
        _owner = IdentityServer.Text(registered, "access_token");
        _organization = IdentityServer.Text(registered.GetProperty("organization"), "id");
    }

    public ValueTask DisposeAsync() => _identity.DisposeAsync();

    [Fact]
    public async Task Members_SignIn_AndSeeThatAndWhy()
    {
        await SuspendAsync("Sells what is not theirs.");
        (await MeAsync()).GetProperty("suspended").GetBoolean().ShouldBeTrue();
        var seen = await OrganizationAsync();
        seen.GetProperty("suspension").GetProperty("reason").GetString().ShouldBe("Sells what is not theirs.");
        var listed = await IdentityServer.BodyAsync(_identity.SendAsync(HttpMethod.Get, "/api/admin/organizations?status=suspended", accessToken: _operator));
        listed.GetProperty("data").EnumerateArray().ShouldHaveSingleItem().GetProperty("suspension").GetProperty("reason").GetString().ShouldBe("Sells what is not theirs.");

        await IdentityServer.BodyAsync(ActAsync("unsuspend"), 204);
        (await MeAsync()).GetProperty("suspended").GetBoolean().ShouldBeFalse();
        (await OrganizationAsync()).GetProperty("suspension").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Fact]
    public async Task EachAct_IsOneEntry_WhichTheMembersReadToo()
    {
        await SuspendAsync("Spam.");
        await SuspendAsync("Again.");
        await IdentityServer.BodyAsync(ActAsync("unsuspend"), 204);
        await IdentityServer.BodyAsync(ActAsync("unsuspend"), 204);
        var log = await IdentityServer.BodyAsync(_identity.GetAsync($"/api/audit-log?organization={_organization}&action=organization", _owner));
        var entries = log.GetProperty("data").EnumerateArray().Where(entry => IdentityServer.Text(entry, "action").Contains("suspended", StringComparison.Ordinal)).ToList();
        entries.Select(entry => IdentityServer.Text(entry, "action")).ShouldBe(["organization.unsuspended", "organization.suspended"]);
        entries[1].GetProperty("actor").GetString().ShouldBe("root@example.com");
        entries[1].GetProperty("after").GetProperty("reason").GetString().ShouldBe("Spam.", "the first reason stands");
    }

    [Fact]
    public async Task Act_NeedsAReason_AnOperator_AndWhoItIsShownLately()
    {
        (await IdentityServer.BodyAsync(ActAsync("suspend", new { reason = " " }), 422)).GetProperty("code").GetString().ShouldBe("VALIDATION_FAILED");
        await IdentityServer.RefusedAsync(_identity.PostAsync($"/api/admin/organizations/{_organization}/suspend", new { reason = "x" }, _owner), 403, "FORBIDDEN");
        await IdentityServer.RefusedAsync(_identity.PostAsync($"/api/admin/organizations/{TypeId.Format("org", Guid.CreateVersion7())}/suspend", new { reason = "x" }, _operator), 404, "NOT_FOUND");
        await using (var command = _identity.Database.OwnerOrSuperuser.CreateCommand("UPDATE identity.session SET authenticated_at = created_at - interval '11 minutes'"))
            await command.ExecuteNonQueryAsync();
        foreach (var act in new[] { "suspend", "unsuspend" })
            await IdentityServer.RefusedAsync(ActAsync(act, new { reason = "x" }), 403, "STEP_UP_REQUIRED");
    }

    [Fact]
    public async Task Owner_InTheDatabaseItself_ReadsTheSuspensionAndCannotLiftIt()
    {
        await SuspendAsync("Spam.");
        TypeId.TryParse(_organization, "org", out var id).ShouldBeTrue();
        var tenant = TenantContext.ForOrganization(id);
        Task<int> AsAsync(TenantContext who, string sql) => _identity.Database.Database.AsAppAsync(who, session => session.ExecuteAsync(sql), CancellationToken.None);
        Task<int> CountAsync(TenantContext who) =>
            _identity.Database.Database.AsAppAsync(who, session => session.QuerySingleAsync<int>("SELECT count(*)::int FROM identity.suspension"), CancellationToken.None);
        (await CountAsync(tenant)).ShouldBe(1);
        (await CountAsync(TenantContext.ForOrganization(Guid.CreateVersion7()))).ShouldBe(0);
        (await AsAsync(tenant, "DELETE FROM identity.suspension")).ShouldBe(0);
        await Should.ThrowAsync<PostgresException>(() => AsAsync(TenantContext.ForOrganization(id), $"INSERT INTO identity.suspension VALUES ('{Guid.CreateVersion7()}', now(), 'mine')"));
        (await AsAsync(tenant with { IsOperator = true }, "DELETE FROM identity.suspension")).ShouldBe(1);
    }

    private Task<HttpResponseMessage> ActAsync(string act, object? body = null) => _identity.PostAsync($"/api/admin/organizations/{_organization}/{act}", body ?? new { }, _operator);

    private Task SuspendAsync(string reason) => IdentityServer.BodyAsync(ActAsync("suspend", new { reason }), 204);

    private async Task<JsonElement> MeAsync() => (await IdentityServer.BodyAsync(_identity.GetAsync("/me", _owner))).GetProperty("organizations")[0];

    private Task<JsonElement> OrganizationAsync() => IdentityServer.BodyAsync(_identity.GetAsync($"/api/organizations/{_organization}", _owner));
}
