using System.Net;
using System.Net.Http.Json;
using Tollgate.TestKit;

namespace Tollgate.Host.Tests;

/// <summary>`tollgate seed` beside the running program: the first operator of an installation that nobody can sign in to yet.</summary>
public sealed class SeedTests(SeedTests.Fresh fresh) : IClassFixture<SeedTests.Fresh>
{
    private const string Root = "root@example.com";
    private const string Unnamed = "unnamed@example.com";
    private const string Registered = "registered@example.com";
    private const string Password = "the first operator's words";

    [Fact]
    public async Task Seed_MakesTheFirstOperator_AndAgainChangesNothing()
    {
        var program = fresh.Program;
        var (exit, output) = await SeedAsync(program, Password, "--email", Root, "--organization", "platform");
        (exit, output).ShouldBe((0, $"Made the operator {Root}.\nOrganization: platform\n"), output);
        using (var root = await SignInAsync(program, Root, Password))
        {
            var operators = (await Market.GetAsync(root, "/api/admin/accounts?status=operators")).GetProperty("data").EnumerateArray().Select(account => account.GetProperty("email").GetString()).ToList();
            operators.Count(email => email == Root).ShouldBe(1);
            operators.Except([Root, Unnamed, Registered]).ShouldBeEmpty("nobody is one from the start");
            (await Market.GetAsync(root, "/api/organizations/platform")).GetProperty("role").GetString().ShouldBe("owner");
            var entry = (await Market.GetAsync(root, "/api/audit-log?action=account.registered")).GetProperty("data")[0];
            (entry.GetProperty("actor").GetString(), entry.GetProperty("means").GetString()).ShouldBe(("seed", "system"));
        }

        (exit, output) = await SeedAsync(program, "another password entirely", "--email", Root, "--organization", "platform");
        (exit, output).ShouldBe((0, $"{Root} is an operator already; nothing was changed.\nOrganization: platform\n"), output);
        using (await SignInAsync(program, Root, Password))
            (await StatusOfSignInAsync(program, Root, "another password entirely")).ShouldBe(401);
    }

    [Fact]
    public async Task Seed_WithoutAPassword_MakesOneAndPrintsItOnce()
    {
        var program = fresh.Program;
        var (exit, output) = await SeedAsync(program, null, "--email", Unnamed);
        exit.ShouldBe(0, output);
        var password = output.Split("Password: ")[1].Trim();
        HandedOut.Remember("password", password);
        password.Length.ShouldBe(24);
        using (await SignInAsync(program, Unnamed, password))
            (exit, output) = await SeedAsync(program, null, "--email", Unnamed);
        exit.ShouldBe(0, output);
        output.ShouldNotContain("Password");
        (await SeedAsync(program, "short", "--email", Unnamed)).ExitCode.ShouldBe(1);
    }

    [Fact]
    public async Task Seed_OfAnAccountThatIsThere_MakesItOperatorOnlyOnceItsAddressIsProved()
    {
        var program = fresh.Program;
        const string own = "words of my own here";
        using var http = RunningProgram.NewClient(program.Control);
        await Market.PostAsync(http, "/auth/register", new { email = Registered, password = own, name = "Somebody" });
        (await SeedAsync(program, Password, "--email", Registered)).ExitCode.ShouldBe(2);
        using (var still = await SignInAsync(program, Registered, own))
        using (var refused = await still.GetAsync("/api/admin/accounts"))
            refused.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        await program.VerifyEmailAsync(Registered, own);
        var (exit, output) = await SeedAsync(program, Password, "--email", Registered);
        (exit, output).ShouldBe((0, $"{Registered} is an operator now; its password is as it was.\n"), output);
        using (var root = await SignInAsync(program, Registered, own))
            await Market.GetAsync(root, "/api/admin/accounts");
        (await StatusOfSignInAsync(program, Registered, Password)).ShouldBe(401);
    }

    private static Task<(int ExitCode, string Output)> SeedAsync(RunningProgram program, string? password, params string[] arguments) =>
        program.CommandAsync(new Dictionary<string, string?>(StringComparer.Ordinal) { ["TOLLGATE_SEED_PASSWORD"] = password }, ["seed", .. arguments]);

    private static async Task<HttpClient> SignInAsync(RunningProgram program, string email, string password)
    {
        var http = RunningProgram.NewClient(program.Control);
        var session = await Market.PostAsync(http, "/auth/login", new { email, password });
        http.DefaultRequestHeaders.Authorization = new("Bearer", session.GetProperty("access_token").GetString());
        return http;
    }

    private static async Task<int> StatusOfSignInAsync(RunningProgram program, string email, string password)
    {
        using var http = RunningProgram.NewClient(program.Control);
        using var response = await http.PostAsJsonAsync("/auth/login", new { email, password });
        return (int)response.StatusCode;
    }

    /// <summary>A program on its first day, for all tests: each has an operator of its own to make.</summary>
    public sealed class Fresh : IAsyncLifetime
    {
        public RunningProgram Program { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Program = await RunningProgram.StartAsync();

        public ValueTask DisposeAsync() => Program.DisposeAsync();
    }
}
