using System.Text.Json;
using Tollgate.TestKit;

namespace Tollgate.Identity.Tests.Passkeys;

/// <summary>Passkeys over HTTP, with a device that does what a test tells it. A real browser with its virtual device is in Portal.Tests.</summary>
public sealed class PasskeyTests(IdentityServer identity) : IClassFixture<IdentityServer>
{
    [Fact]
    public async Task Passkey_SignsInWithoutAnotherQuestion_UntilItIsRemoved()
    {
        using var device = new FakeAuthenticator(identity.Server.Address);
        var (token, id) = await RegisterAsync(device, "passkey@example.com");
        var session = await IdentityServer.BodyAsync(SignInAsync(device));
        session.GetProperty("account").GetProperty("email").GetString().ShouldBe("passkey@example.com");
        await IdentityServer.BodyAsync(identity.SendAsync(HttpMethod.Delete, $"/auth/passkeys/{id}", null, token), 204);
        await IdentityServer.RefusedAsync(SignInAsync(device), 401, "PASSKEY_INVALID");
    }

    [Theory]
    [InlineData("a page of another origin")]
    [InlineData("a page of another port")]
    [InlineData("a frame of a foreign page")]
    [InlineData("another site")]
    [InlineData("nobody looked who it is")]
    [InlineData("another signature")]
    public async Task Assertion_ThatIsNotOursToTheLetter_SignsNobodyIn(string what)
    {
        using var device = new FakeAuthenticator(identity.Server.Address);
        await RegisterAsync(device, $"hostile-{what.Replace(' ', '-')}@example.com");
        await IdentityServer.BodyAsync(SignInAsync(device));
        Change(device, what);
        await IdentityServer.RefusedAsync(SignInAsync(device), 401, "PASSKEY_INVALID");
    }

    [Theory]
    [InlineData("a page of another origin")]
    [InlineData("a frame of a foreign page")]
    [InlineData("another site")]
    [InlineData("nobody looked who it is")]
    public async Task Attestation_ThatIsNotOursToTheLetter_RegistersNothing(string what)
    {
        using var device = new FakeAuthenticator(identity.Server.Address);
        Change(device, what);
        var token = IdentityServer.Text(await identity.RegisterAsync($"attest-{what.Replace(' ', '-')}@example.com"), "access_token");
        await IdentityServer.RefusedAsync(AddAsync(device, token), 422, "PASSKEY_NOT_MADE");
    }

    [Fact]
    public async Task Answer_IsTakenOnce_ByItsOwnQuestion_WithinFiveMinutes()
    {
        using var device = new FakeAuthenticator(identity.Server.Address);
        await RegisterAsync(device, "once@example.com");
        var first = await AskAsync();
        var credential = device.Get(first.GetProperty("options"));
        await IdentityServer.BodyAsync(AnswerAsync(first, credential));
        await IdentityServer.RefusedAsync(AnswerAsync(first, credential), 401, "PASSKEY_INVALID");
        await IdentityServer.RefusedAsync(AnswerAsync(await AskAsync(), credential), 401, "PASSKEY_INVALID");

        var late = await AskAsync();
        identity.Clock.Advance(TimeSpan.FromMinutes(6));
        await IdentityServer.RefusedAsync(AnswerAsync(late, device.Get(late.GetProperty("options"))), 401, "PASSKEY_INVALID");
        await IdentityServer.BodyAsync(SignInAsync(device));
    }

    [Fact]
    public async Task Answer_ManyTimesAtOnce_IsTakenOnce()
    {
        using var device = new FakeAuthenticator(identity.Server.Address);
        await RegisterAsync(device, "many@example.com");
        var asked = await AskAsync();
        var credential = device.Get(asked.GetProperty("options"));
        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => AnswerAsync(asked, credential)));
        answers.Count(answer => (int)answer.StatusCode == 200).ShouldBe(1);
    }

    [Fact]
    public async Task Registration_OfAnothersQuestion_RegistersNothing()
    {
        using var device = new FakeAuthenticator(identity.Server.Address);
        var mine = IdentityServer.Text(await identity.RegisterAsync("asks@example.com"), "access_token");
        var other = IdentityServer.Text(await identity.RegisterAsync("answers@example.com"), "access_token");
        var asked = await IdentityServer.BodyAsync(identity.PostAsync("/auth/passkeys/options", new { }, mine));
        await IdentityServer.RefusedAsync(identity.PostAsync("/auth/passkeys", Made(asked, device), other), 422, "PASSKEY_NOT_MADE");
        await IdentityServer.RefusedAsync(SignInAsync(device), 401, "PASSKEY_INVALID");
    }

    [Fact]
    public async Task StepUp_ByAnothersPasskey_OpensNothing()
    {
        using var mine = new FakeAuthenticator(identity.Server.Address);
        using var others = new FakeAuthenticator(identity.Server.Address);
        await RegisterAsync(mine, "mine@example.com");
        await RegisterAsync(others, "others@example.com");
        identity.Clock.Advance(TimeSpan.FromMinutes(11));
        var token = IdentityServer.Text(await IdentityServer.BodyAsync(identity.PostAsync("/auth/login", new { email = "mine@example.com", password = IdentityServer.Password })), "access_token");
        async Task<HttpResponseMessage> StepUpAsync(FakeAuthenticator device)
        {
            var asked = await AskAsync();
            return await identity.PostAsync("/auth/step-up", new { challenge = IdentityServer.Text(asked, "challenge"), credential = device.Get(asked.GetProperty("options")) }, token);
        }
        await IdentityServer.RefusedAsync(StepUpAsync(others), 401, "PASSKEY_INVALID");
        await IdentityServer.BodyAsync(StepUpAsync(mine));
    }

    private static void Change(FakeAuthenticator device, string what)
    {
        switch (what)
        {
            case "a page of another origin":
                device.Origin = "https://tollgate.example";
                break;
            case "a page of another port":
                device.Origin = $"http://{device.Site}:1";
                break;
            case "a frame of a foreign page":
                device.InAForeignFrame = true;
                break;
            case "another site":
                device.Site = "evil.example";
                break;
            case "nobody looked who it is":
                device.ChecksThePerson = false;
                break;
            case "another signature":
                device.SignsWrong = true;
                break;
            default:
                throw new ArgumentException(what, nameof(what));
        }
    }

    private async Task<(string Token, string Id)> RegisterAsync(FakeAuthenticator device, string email)
    {
        var token = IdentityServer.Text(await identity.RegisterAsync(email), "access_token");
        return (token, IdentityServer.Text(await IdentityServer.BodyAsync(AddAsync(device, token), 201), "id"));
    }

    private async Task<HttpResponseMessage> AddAsync(FakeAuthenticator device, string token) =>
        await identity.PostAsync("/auth/passkeys", Made(await IdentityServer.BodyAsync(identity.PostAsync("/auth/passkeys/options", new { }, token)), device), token);

    private static object Made(JsonElement asked, FakeAuthenticator device) =>
        new { challenge = IdentityServer.Text(asked, "challenge"), name = "Phone", credential = device.Create(asked.GetProperty("options")) };

    private Task<JsonElement> AskAsync() => IdentityServer.BodyAsync(identity.PostAsync("/auth/passkey-sign-in/options", new { }));

    private async Task<HttpResponseMessage> SignInAsync(FakeAuthenticator device)
    {
        var asked = await AskAsync();
        return await AnswerAsync(asked, device.Get(asked.GetProperty("options")));
    }

    private Task<HttpResponseMessage> AnswerAsync(JsonElement asked, object credential) =>
        identity.PostAsync("/auth/passkey-sign-in", new { challenge = IdentityServer.Text(asked, "challenge"), credential });
}
