using System.Net.Http.Json;
using System.Text.Json;
using Tollgate.TestKit;

namespace Tollgate.Gateway.Tests.Apis;

/// <summary>
/// An account is deleted in the moment in which its organization comes into use. Either the deletion finds that it is, or what would use it finds the organization gone:
/// whoever comes second waits for the organization's lock.
/// </summary>
public sealed class AccountInUseRaceTests(ControlServer server) : IClassFixture<ControlServer>
{
    private static int _count;

    [Theory]
    [InlineData("publish")]
    [InlineData("subscribe")]
    [InlineData("create")]
    public async Task Use_ThatComesSecond_FindsTheOrganizationGone(string use)
    {
        using var person = await PersonAsync();
        var begin = await PreparedAsync(use, person);
        await using var gate = await StatementGate.CloseAsync(server.Database, "identity.session", "DELETE");
        var deletion = DeleteAsync(person);
        await gate.UntilWaitingAsync(1);
        var used = begin();
        await SecondWaitsAsync(used);
        await gate.OpenAsync();
        (await StatusAsync(deletion)).ShouldBe((204, null));
        (await StatusAsync(used)).ShouldBe((404, "NOT_FOUND"));
        (await UsesAsync(person)).ShouldBe(0);
    }

    [Theory]
    [InlineData("publish", "gateway.api", "UPDATE")]
    [InlineData("subscribe", "plans.subscription", "INSERT")]
    public async Task Deletion_ThatComesSecond_FindsTheOrganizationInUse(string use, string table, string statement)
    {
        using var person = await PersonAsync();
        var begin = await PreparedAsync(use, person);
        await using var gate = await StatementGate.CloseAsync(server.Database, table, statement);
        var used = begin();
        await gate.UntilWaitingAsync(1);
        var deletion = DeleteAsync(person);
        await SecondWaitsAsync(deletion);
        await gate.OpenAsync();
        (await StatusAsync(used)).Status.ShouldBe(use == "publish" ? 200 : 201);
        (await StatusAsync(deletion)).ShouldBe((409, "ACCOUNT_IN_USE"));
        (await UsesAsync(person)).ShouldBe(1);
        (await SendAsync(person, HttpMethod.Get, "/me")).GetProperty("account").GetProperty("email").GetString().ShouldBe(person.Email);
    }

    /// <summary>All but the request that puts the person's organization to use.</summary>
    private async Task<Func<Task<HttpResponseMessage>>> PreparedAsync(string use, Person person)
    {
        using var provider = use == "subscribe" ? await PersonAsync() : null;
        var seller = provider ?? person;
        if (use == "create")
            return () => person.Http.PostAsJsonAsync("/api/apis", Api());
        var api = (await SendAsync(seller, HttpMethod.Post, "/api/apis", Api())).GetProperty("id").GetString();
        var plan = await SendAsync(seller, HttpMethod.Post, $"/api/apis/{api}/plans", new { name = "Free", price = new { amount = 0, currency = "usd", interval = "month" }, allowances = new[] { new { meter = "requests", amount = 10, window = "month", past = "deny" } } });
        if (use == "publish")
            return () => person.Http.PostAsJsonAsync($"/api/apis/{api}/publish", new { });
        await SendAsync(seller, HttpMethod.Post, $"/api/apis/{api}/publish", new { });
        return () => person.Http.PostAsJsonAsync("/api/subscriptions", new { plan_id = plan.GetProperty("id").GetString() });
    }

    private static object Api()
    {
        var slug = $"race-{Interlocked.Increment(ref _count)}";
        return new { name = slug, slug, upstream_url = "http://127.0.0.1:9", openapi = ControlServer.Document };
    }

    private static Task<HttpResponseMessage> DeleteAsync(Person person) => person.Http.PostAsJsonAsync("/me/delete", new { email = person.Email });

    private async Task SecondWaitsAsync(Task<HttpResponseMessage> second)
    {
        while (!second.IsCompleted && await CountAsync("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'", null) < 2)
            await Task.Yield();
        second.IsCompleted.ShouldBeFalse("it did not wait for the first");
    }

    private async Task<Person> PersonAsync()
    {
        var person = new Person(server.Server.NewClient(), $"person-{Interlocked.Increment(ref _count)}@example.com");
        var session = await SendAsync(person, HttpMethod.Post, "/auth/register", new { email = person.Email, password = "correct horse battery staple", name = "Ada" });
        person.Http.DefaultRequestHeaders.Authorization = new("Bearer", session.GetProperty("access_token").GetString());
        await CountAsync("WITH proved AS (UPDATE identity.account SET email_verified_at = now() WHERE email = $1 RETURNING 1) SELECT count(*) FROM proved", person.Email);
        var me = await SendAsync(person, HttpMethod.Get, "/me");
        person.Organization = me.GetProperty("organizations")[0].GetProperty("id").GetString()!;
        return person;
    }

    /// <summary>What the person's organization has on sale, or has subscribed to.</summary>
    private Task<long> UsesAsync(Person person)
    {
        Foundation.TypeId.TryParse(person.Organization, "org", out var id).ShouldBeTrue();
        return CountAsync("SELECT (SELECT count(*) FROM gateway.api WHERE organization_id = $1 AND status = 'published') + (SELECT count(*) FROM plans.subscription WHERE organization_id = $1)", id);
    }

    private static async Task<JsonElement> SendAsync(Person person, HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        using var response = await person.Http.SendAsync(request);
        response.IsSuccessStatusCode.ShouldBeTrue($"{path}: {await response.Content.ReadAsStringAsync()}");
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }

    private static async Task<(int Status, string? Code)> StatusAsync(Task<HttpResponseMessage> answering)
    {
        using var response = await answering;
        return ((int)response.StatusCode, response.IsSuccessStatusCode ? null : (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("code").GetString());
    }

    private async Task<long> CountAsync(string sql, object? value)
    {
        await using var command = server.Database.OwnerOrSuperuser.CreateCommand(sql);
        if (value is not null)
            command.Parameters.AddWithValue(value);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private sealed record Person(HttpClient Http, string Email) : IDisposable
    {
        public string Organization { get; set; } = "";

        public void Dispose() => Http.Dispose();
    }
}
