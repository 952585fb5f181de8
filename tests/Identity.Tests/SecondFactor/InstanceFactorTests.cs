using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Identity.SecondFactor;
using Tollgate.TestKit;

namespace Tollgate.Identity.Tests.SecondFactor;

/// <summary>Identity__RequireSecondFactor: the installation asks a second factor of its operators, or of everybody.</summary>
public sealed class InstanceFactorTests
{
    [Fact]
    public async Task Admins_OperatorsSeeNothingOfTheInstallation_UntilTheyHaveAFactor()
    {
        await using var town = await RunningAsync("admins");
        var root = await town.SeedAsync("root@example.com", isOperator: true);
        foreach (var path in new[] { "/api/admin/accounts", "/api/audit-log" })
            (await town.SendAsync(HttpMethod.Get, path, root)).ShouldBe((403, "SECOND_FACTOR_REQUIRED"));
        (await town.SendAsync(HttpMethod.Get, "/api/audit-log?organization=root", root)).Status.ShouldBe(200, "it is his own");
        (await town.SendAsync(HttpMethod.Get, "/api/organizations/root", root)).Status.ShouldBe(200);
        var somebody = await town.SeedAsync("somebody@example.com", isOperator: false);
        (await town.SendAsync(HttpMethod.Get, "/api/admin/accounts", somebody)).ShouldBe((403, "FORBIDDEN"));
        (await town.SendAsync(HttpMethod.Get, "/api/organizations/somebody", somebody)).Status.ShouldBe(200);

        await town.AddAppAsync(root);
        (await town.SendAsync(HttpMethod.Get, "/api/admin/accounts", root)).Status.ShouldBe(200);
        (await town.SendAsync(HttpMethod.Delete, "/auth/totp", root)).ShouldBe((409, "LAST_SECOND_FACTOR"));
    }

    [Fact]
    public async Task Everybody_HasAFactorBeforeAnyOrganization()
    {
        await using var town = await RunningAsync("everybody");
        var somebody = await town.SeedAsync("somebody@example.com", isOperator: false);
        (await town.SendAsync(HttpMethod.Get, "/api/organizations/somebody", somebody)).ShouldBe((403, "SECOND_FACTOR_REQUIRED"));
        (await town.SendAsync(HttpMethod.Get, "/me", somebody)).Status.ShouldBe(200);
        await town.AddAppAsync(somebody);
        (await town.SendAsync(HttpMethod.Get, "/api/organizations/somebody", somebody)).Status.ShouldBe(200);
        (await town.SendAsync(HttpMethod.Delete, "/auth/totp", somebody)).ShouldBe((409, "LAST_SECOND_FACTOR"));
    }

    [Fact]
    public void AnotherWord_StopsTheStart() => Should.Throw<InvalidOperationException>(() =>
        new SecondFactorDemand(new ConfigurationBuilder().AddInMemoryCollection([new("Identity:RequireSecondFactor", "all")]).Build())).Message.ShouldContain("Identity__RequireSecondFactor");

    private static async Task<RunningTown> RunningAsync(string demand)
    {
        var database = await TestDatabase.CreateAsync(IdentityModule.Sql);
        return new RunningTown(database, await TestServer.StartAsync(database, (services, configuration) => services.AddIdentity(configuration), app => app.MapIdentity(),
            settings: new Dictionary<string, string?>(StringComparer.Ordinal) { ["Identity:RequireSecondFactor"] = demand }));
    }

    private sealed class RunningTown(TestDatabase database, TestServer server) : IAsyncDisposable
    {
        public async Task<string> SeedAsync(string email, bool isOperator)
        {
            await server.Services.GetRequiredService<IAccountSeeder>().EnsureAccountAsync(email, email.Split('@')[0], IdentityServer.Password, isOperator, CancellationToken.None);
            using var login = await server.Client.PostAsJsonAsync("/auth/login", new { email, password = IdentityServer.Password });
            return IdentityServer.Text(await login.Content.ReadFromJsonAsync<JsonElement>(), "access_token");
        }

        public async Task AddAppAsync(string token)
        {
            var app = new AuthenticatorApp(IdentityServer.Text((await BodyAsync(HttpMethod.Post, "/auth/totp", token, new { })).Body, "secret"));
            (await BodyAsync(HttpMethod.Post, "/auth/totp/confirm", token, new { code = app.CodeAt(TimeProvider.System.GetUtcNow()) })).Status.ShouldBe(200);
        }

        public async Task<(int Status, string? Code)> SendAsync(HttpMethod method, string path, string token)
        {
            var (status, body) = await BodyAsync(method, path, token, null);
            return (status, body.ValueKind == JsonValueKind.Object && body.TryGetProperty("code", out var code) ? code.GetString() : null);
        }

        public async ValueTask DisposeAsync()
        {
            await server.DisposeAsync();
            await database.DisposeAsync();
        }

        private async Task<(int Status, JsonElement Body)> BodyAsync(HttpMethod method, string path, string token, object? body)
        {
            using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
            request.Headers.Authorization = new("Bearer", token);
            using var response = await server.Client.SendAsync(request);
            var text = await response.Content.ReadAsStringAsync();
            return ((int)response.StatusCode, text.Length == 0 ? default : JsonDocument.Parse(text).RootElement);
        }
    }
}
