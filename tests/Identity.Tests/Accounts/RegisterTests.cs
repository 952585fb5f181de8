using System.Net.Http.Json;
using System.Text;
using Npgsql;

namespace Tollgate.Identity.Tests.Accounts;

public sealed class RegisterTests(IdentityServer identity) : IClassFixture<IdentityServer>
{
    [Fact]
    public async Task Register_NewAddress_MakesAccountOrganizationAndSession()
    {
        var body = await identity.RegisterAsync(" Ada.Lovelace@Example.com ");

        body.GetProperty("account").GetProperty("email").GetString().ShouldBe("ada.lovelace@example.com");
        body.GetProperty("account").GetProperty("role").GetString().ShouldBe("user");
        body.GetProperty("organization").GetProperty("slug").GetString()!.ShouldStartWith("ada-lovelace");
        body.GetProperty("token_type").GetString().ShouldBe("Bearer");
        body.GetProperty("expires_in").GetInt32().ShouldBe(600);
        using var me = await identity.GetAsync("/me", IdentityServer.Text(body, "access_token"));
        (await me.Content.ReadFromJsonAsync<System.Text.Json.JsonElement>()).GetProperty("organizations")[0].GetProperty("role").GetString().ShouldBe("owner");
    }

    [Fact]
    public async Task Register_KnownAddressInOtherCase_Is409()
    {
        await identity.RegisterAsync("twice@example.com");
        using var response = await identity.Client.PostAsJsonAsync("/auth/register", new { email = "TWICE@example.com", password = IdentityServer.Password, name = "B" });
        await IdentityServer.ProblemAsync(response, 409, "EMAIL_TAKEN");
    }

    [Fact]
    public async Task Register_ManyAtOnceWithOneAddress_OneWins()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ =>
            identity.Client.PostAsJsonAsync("/auth/register", new { email = "race@example.com", password = IdentityServer.Password, name = "Race" })));
        answers.Count(answer => (int)answer.StatusCode == 201).ShouldBe(1);
        answers.Count(answer => (int)answer.StatusCode == 409).ShouldBe(7);
    }

    [Fact]
    public async Task Register_EverythingWrong_NamesEachField()
    {
        using var response = await identity.Client.PostAsJsonAsync("/auth/register", new { email = "nobody", password = "short" });
        var problem = await IdentityServer.ProblemAsync(response, 422, "VALIDATION_FAILED");
        problem.GetProperty("errors").EnumerateArray().Select(error => error.GetProperty("path").GetString()).ShouldBe(["email", "name", "password"], ignoreOrder: true);
    }

    [Theory]
    [InlineData("{\"email\": ", 400, "MALFORMED_JSON")]
    [InlineData("[]", 400, "MALFORMED_JSON")]
    [InlineData("{\"email\": 5}", 400, "MALFORMED_JSON")]
    [InlineData("", 400, "BAD_REQUEST")]
    [InlineData("{\"email\": \"a@example.com\", \"email\": \"b@example.com\"}", 400, "MALFORMED_JSON")]
    [InlineData("{\"email\": \"a@example.com\", \"Email\": \"b@example.com\"}", 400, "MALFORMED_JSON")]
    public async Task Register_BodyIsNotTheJson_IsAProblem(string body, int status, string code)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await identity.Client.PostAsync("/auth/register", content);
        await IdentityServer.ProblemAsync(response, status, code);
    }

    [Fact]
    public async Task Register_BodyDeeperThanAnybodyNeeds_IsAProblem()
    {
        var nested = $"{new string('[', 1000)}{new string(']', 1000)}";
        using var content = new StringContent($$"""{"email": "deep@example.com", "password": "{{IdentityServer.Password}}", "name": "Deep", "more": {{nested}}}""", Encoding.UTF8, "application/json");
        using var response = await identity.Client.PostAsync("/auth/register", content);
        await IdentityServer.ProblemAsync(response, 400, "MALFORMED_JSON");
    }

    // What a form or a page of another origin can send without asking first.
    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data; boundary=x")]
    public async Task Login_BodyOfATypeThatFormsSend_IsNotRead(string type)
    {
        using var content = new StringContent("{\"email\": \"form@example.com\", \"password\": \"a password of a form\"}");
        content.Headers.Remove("Content-Type");
        content.Headers.TryAddWithoutValidation("Content-Type", type);
        using var response = await identity.Client.PostAsync("/auth/login", content);
        await IdentityServer.ProblemAsync(response, 415, "UNSUPPORTED_MEDIA_TYPE");
    }

    [Fact]
    public async Task Register_NoBody_SaysSoInOurOwnWords()
    {
        using var response = await identity.Client.PostAsync("/auth/register", null);
        (await IdentityServer.ProblemAsync(response, 400, "BAD_REQUEST")).GetProperty("detail").GetString().ShouldBe("Send a body as application/json.");
    }

    [Fact]
    public async Task Logout_ParameterOfAnotherType_IsNamed()
    {
        using var response = await identity.Client.PostAsync("/auth/logout?everywhere=perhaps", null);
        var problem = await IdentityServer.ProblemAsync(response, 400, "BAD_REQUEST");
        problem.GetProperty("detail").GetString()!.ShouldNotContain("bind");
        problem.GetProperty("errors")[0].GetProperty("path").GetString().ShouldBe("everywhere");
    }

    [Fact]
    public async Task Register_UnknownCharset_Is415()
    {
        using var content = new StringContent("{}");
        content.Headers.Remove("Content-Type");
        content.Headers.TryAddWithoutValidation("Content-Type", "application/json; charset=klingon");
        using var response = await identity.Client.PostAsync("/auth/register", content);
        await IdentityServer.ProblemAsync(response, 415, "UNSUPPORTED_MEDIA_TYPE");
    }

    [Fact]
    public async Task AnyText_WithANul_IsAFieldErrorAndNoCrash()
    {
        using var registered = await identity.Client.PostAsJsonAsync("/auth/register", new { email = "nul@example.com", password = IdentityServer.Password, name = "a\0b" });
        (await IdentityServer.ProblemAsync(registered, 422, "VALIDATION_FAILED")).GetProperty("errors")[0].GetProperty("code").GetString().ShouldBe("CONTROL_CHARACTER");
        using var signedIn = await identity.Client.PostAsJsonAsync("/auth/login", new { email = "a\0b", password = IdentityServer.Password });
        await IdentityServer.ProblemAsync(signedIn, 422, "VALIDATION_FAILED");
    }

    [Fact]
    public async Task Register_BodyTooLarge_Is413()
    {
        using var content = new StringContent("{\"email\":\"" + new string('a', 2_000_000) + "\"}", Encoding.UTF8, "application/json");
        // The answer comes before the body is read; a client that sent it all the same might see a broken connection instead.
        using var request = new HttpRequestMessage(HttpMethod.Post, "/auth/register") { Content = content, Headers = { ExpectContinue = true } };
        using var response = await identity.Client.SendAsync(request);
        await IdentityServer.ProblemAsync(response, 413, "BODY_TOO_LARGE");
    }

    [Fact]
    public async Task Register_PasswordOf128Characters_WorksExactly()
    {
        var password = new string('é', 127) + "A";
        using var registered = await identity.Client.PostAsJsonAsync("/auth/register", new { email = "long@example.com", password, name = "Long" });
        ((int)registered.StatusCode).ShouldBe(201);
        using var cut = await identity.Client.PostAsJsonAsync("/auth/login", new { email = "long@example.com", password = password[..127] });
        await IdentityServer.ProblemAsync(cut, 401, "INVALID_CREDENTIALS");
        using var lower = await identity.Client.PostAsJsonAsync("/auth/login", new { email = "long@example.com", password = password.ToLowerInvariant() });
        await IdentityServer.ProblemAsync(lower, 401, "INVALID_CREDENTIALS");
        using var right = await identity.Client.PostAsJsonAsync("/auth/login", new { email = "long@example.com", password });
        ((int)right.StatusCode).ShouldBe(200);
    }

    [Fact]
    public async Task Register_Done_NoUsableSecretIsInTheDatabase()
    {
        var body = await identity.RegisterAsync("dump@example.com");
        var refresh = IdentityServer.Text(body, "refresh_token");
        await using var dump = identity.Database.OwnerOrSuperuser.CreateCommand("""
            SELECT string_agg(t, ' ') FROM (SELECT a::text AS t FROM identity.account a UNION ALL SELECT r::text FROM identity.refresh_token r
              UNION ALL SELECT s::text FROM identity.session s UNION ALL SELECT k::text FROM identity.module_key k) x
            """);
        var text = (string)(await dump.ExecuteScalarAsync())!;
        text.ShouldNotContain(IdentityServer.Password);
        text.ShouldNotContain(refresh);
        var secret = System.Buffers.Text.Base64Url.DecodeFromChars(refresh.AsSpan(4));
        secret.Length.ShouldBe(32);
        text.ShouldNotContain(Convert.ToHexStringLower(secret));
        text.ShouldContain("$argon2id$v=19$m=19456,t=2,p=1$");
    }
}
