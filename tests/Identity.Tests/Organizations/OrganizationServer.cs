using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Foundation;
using Tollgate.TestKit;

namespace Tollgate.Identity.Tests.Organizations;

/// <summary>The identity module with the mails that it sends in hand, and a module above it that may hold a removal up.</summary>
public sealed class OrganizationServer : IAsyncLifetime
{
    private int _count;

    public TestDatabase Database { get; private set; } = null!;

    public TestServer Server { get; private set; } = null!;

    public ManualClock Clock { get; } = new(TimeProvider.System.GetUtcNow());

    public Upper Above { get; } = new();

    internal ConcurrentQueue<AccountMail> Mails { get; } = new();

    public async ValueTask InitializeAsync()
    {
        Database = await TestDatabase.CreateAsync(IdentityModule.Sql);
        Server = await TestServer.StartAsync(Database, (services, configuration) => services.AddSingleton<IAccountMailer>(new Mailbox(Mails))
            .AddSingleton<IOrganizationStep>(Above).AddSingleton<IOrganizationRemovalCheck>(Above).AddIdentity(configuration), app => app.MapIdentity(), Clock,
            new Dictionary<string, string?>(StringComparer.Ordinal) { ["Identity:RegistersPerHour"] = "1000", ["Identity:LoginsPerMinute"] = "1000" });
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await Database.DisposeAsync();
    }

    /// <summary>Somebody new, signed in, whose address is verified.</summary>
    internal async Task<Person> PersonAsync(string name = "Ada", bool verified = true)
    {
        var email = $"{name.ToLowerInvariant()}-{Interlocked.Increment(ref _count)}@example.com";
        using var response = await Server.Client.PostAsJsonAsync("/auth/register", new { email, password = "correct horse battery staple", name });
        var body = await response.Content.ReadFromJsonAsync<JsonElement>();
        if (verified)
            await VerifyAsync(email, IdentityServer.Text(body, "access_token"));
        return new Person(this, IdentityServer.Text(body.GetProperty("account"), "id"), email, IdentityServer.Text(body, "access_token"));
    }

    private async Task VerifyAsync(string email, string accessToken)
    {
        var token = SentMails.TokenOf(Mails.Last(mail => mail.Kind == AccountMailKind.VerifyEmail && mail.To == email));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/auth/verify-email") { Content = JsonContent.Create(new { token }) };
        request.Headers.Authorization = new("Bearer", accessToken);
        using var verified = await Server.Client.SendAsync(request);
        verified.EnsureSuccessStatusCode();
    }

    /// <summary>An organization of this owner, with one more member of each of these roles.</summary>
    internal async Task<(JsonElement Organization, List<Person> Members)> OrganizationAsync(Person owner, params string[] roles)
    {
        var organization = await owner.MakeAsync("/api/organizations", new { name = $"Acme {Interlocked.Increment(ref _count)}" });
        var members = new List<Person>();
        foreach (var role in roles)
        {
            var member = await PersonAsync(role);
            var token = await InviteAsync(owner, IdentityServer.Text(organization, "slug"), member.Email, role);
            await member.MakeAsync("/api/invitations/accept", new { token });
            members.Add(member);
        }
        return (organization, members);
    }

    /// <summary>The secret in the mail.</summary>
    internal async Task<string> InviteAsync(Person by, string organization, string email, string role = "developer")
    {
        await by.MakeAsync($"/api/organizations/{organization}/invitations", new { email, role });
        var mail = Mails.Last(sent => sent.To == email);
        mail.Kind.ShouldBe(AccountMailKind.Invitation);
        mail.Path.ShouldStartWith("/invitation#tgi_");
        return mail.Path!.Split('#')[1];
    }

    /// <summary>As if eleven minutes had gone by since the person last showed who it is.</summary>
    internal async Task ShownLongAgoAsync(Person person)
    {
        await using var command = Database.OwnerOrSuperuser.CreateCommand(
            "UPDATE identity.session SET authenticated_at = created_at - interval '11 minutes' WHERE account_id = (SELECT id FROM identity.account WHERE email = $1)");
        command.Parameters.AddWithValue(person.Email);
        (await command.ExecuteNonQueryAsync()).ShouldBe(1);
    }

    internal async Task<List<string>> ActionsAsync(string organizationId)
    {
        TypeId.TryParse(organizationId, "org", out var id).ShouldBeTrue();
        await using var command = Database.OwnerOrSuperuser.CreateCommand("SELECT action FROM identity.audit_entry WHERE organization_id = $1 ORDER BY id");
        command.Parameters.AddWithValue(id);
        await using var reader = await command.ExecuteReaderAsync();
        var actions = new List<string>();
        while (await reader.ReadAsync())
            actions.Add(reader.GetString(0));
        return actions;
    }

    internal sealed record Person(OrganizationServer Server, string Id, string Email, string Token)
    {
        public async Task<(int Status, JsonElement Body, HttpResponseMessage Response)> SendAsync(HttpMethod method, string path, object? body = null)
        {
            using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
            request.Headers.Authorization = new("Bearer", Token);
            var response = await Server.Server.Client.SendAsync(request);
            var text = await response.Content.ReadAsStringAsync();
            return ((int)response.StatusCode, text.Length == 0 ? default : JsonDocument.Parse(text).RootElement, response);
        }

        public Task<(int Status, JsonElement Body, HttpResponseMessage Response)> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

        /// <summary>It must succeed.</summary>
        public async Task<JsonElement> MakeAsync(string path, object body, HttpMethod? method = null)
        {
            var (status, answer, _) = await SendAsync(method ?? HttpMethod.Post, path, body);
            status.ShouldBeInRange(200, 299, $"{path}: {answer}");
            return answer;
        }

        public async Task RefusedAsync(HttpMethod method, string path, object? body, int status, string code)
        {
            var (actual, answer, _) = await SendAsync(method, path, body);
            (actual, answer.GetProperty("code").GetString()).ShouldBe((status, code), answer.ToString());
        }
    }

    public sealed class Upper : IOrganizationStep, IOrganizationRemovalCheck
    {
        public ConcurrentDictionary<Guid, OrganizationNames> Names { get; } = new();

        public ConcurrentDictionary<Guid, string> Hindrances { get; } = new();

        public Task RenamedAsync(DbSession session, OrganizationNames names)
        {
            Names[names.Id] = names;
            return Task.CompletedTask;
        }

        public Task<string?> HindranceAsync(DbSession session, Guid organizationId) => Task.FromResult(Hindrances.GetValueOrDefault(organizationId));
    }

    private sealed class Mailbox(ConcurrentQueue<AccountMail> mails) : IAccountMailer
    {
        public Task SendAsync(DbSession session, AccountMail mail)
        {
            mails.Enqueue(mail);
            HandedOut.Remember("code", mail.Code);
            HandedOut.Remember("link", mail.Path?.Split('#')[^1]);
            return Task.CompletedTask;
        }
    }
}
