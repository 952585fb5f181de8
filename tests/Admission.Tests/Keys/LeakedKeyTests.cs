using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tollgate.Admission.Keys;
using Tollgate.Plans;

namespace Tollgate.Admission.Tests.Keys;

public sealed class LeakedKeyTests : IAsyncLifetime
{
    private readonly ECDsa _scanner = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly AdmissionServer _server;

    public LeakedKeyTests() => _server = new AdmissionServer
    {
        Settings = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Keys:ScannerKeys:0:Id"] = "scanner-1",
            ["Keys:ScannerKeys:0:Key"] = _scanner.ExportSubjectPublicKeyInfoPem(),
            ["Keys:LeakReportsPerMinute"] = "12",
        },
    };

    public ValueTask InitializeAsync() => _server.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _scanner.Dispose();
    }

    [Fact]
    public async Task Report_SignedByAKnownScanner_RevokesTellsTheOwnerAndIsAnsweredForEachToken()
    {
        var (person, plan, secret, keyId) = await KeyAsync();
        var stranger = KeyFormat.Generate(KeyFormat.Live);
        var body = Body((secret, "https://example.com/gist/1"), (stranger, "https://example.com/gist/2"), ("tg_live_short", "https://example.com/gist/3"));
        var (status, verdicts) = await ReportAsync(body, Sign(body));
        status.ShouldBe(200);
        verdicts.EnumerateArray().Select(one => one.GetProperty("label").GetString()).ShouldBe(["true_positive", "false_positive", "false_positive"]);
        verdicts[0].GetProperty("token_hash").GetString().ShouldBe(Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(secret))));
        _server.Call(secret, plan).Verdict.ShouldBe(AdmissionVerdict.KeyRevoked);
        var mail = _server.Mails.All.ShouldHaveSingleItem();
        mail.Values["change"].ShouldContain("https://example.com/gist/1");
        mail.Values["change"].ShouldNotContain(secret[12..], Case.Sensitive);
        var (_, list) = await person.SendAsync(HttpMethod.Get, $"/api/audit-log?organization={Foundation.TypeId.Format("org", person.Organization)}&action=key.leaked");
        var entry = list.GetProperty("data")[0];
        entry.GetProperty("subject").GetString().ShouldBe(keyId);
        entry.GetProperty("after").GetProperty("verified").GetBoolean().ShouldBeTrue();
        (await ReportAsync(body, Sign(body))).Status.ShouldBe(200);
        _server.Mails.All.Count.ShouldBe(1, "told once");
    }

    [Fact]
    public async Task Report_WithoutSignature_CountsAndTellsNothing()
    {
        var (_, plan, secret, _) = await KeyAsync();
        var (status, body) = await ReportAsync(Body((secret, "https://example.com/paste")), null);
        status.ShouldBe(202);
        body.ValueKind.ShouldBe(JsonValueKind.Undefined);
        _server.Call(secret, plan).Verdict.ShouldBe(AdmissionVerdict.KeyRevoked);
        (await ReportAsync(Body((KeyFormat.Generate(KeyFormat.Live), "x")), null)).Status.ShouldBe(202);
    }

    [Fact]
    public async Task Report_WithoutSignature_PutsNothingOfItsTextIntoTheMail()
    {
        var (person, _, secret, _) = await KeyAsync();
        (await ReportAsync(Body((secret, $"https://phish.example/login?{secret}")), null)).Status.ShouldBe(202);
        var said = _server.Mails.All.ShouldHaveSingleItem().Values["change"];
        said.ShouldNotContain("phish", Case.Sensitive);
        var (_, list) = await person.SendAsync(HttpMethod.Get, $"/api/audit-log?organization={Foundation.TypeId.Format("org", person.Organization)}&action=key.leaked");
        list.GetProperty("data")[0].GetProperty("after").GetProperty("source").GetString().ShouldBe("https://phish.example/login?tg_live_…");
    }

    [Fact]
    public async Task Report_SignedWithKeysInItsText_ShowsThemNowhere()
    {
        var (person, _, secret, _) = await KeyAsync();
        var body = Body((secret, $"https://example.com/{secret[..20]}\u0001{secret[20..]}/tg_test_x"));
        (await ReportAsync(body, Sign(body))).Status.ShouldBe(200);
        var said = _server.Mails.All.ShouldHaveSingleItem().Values["change"];
        said.ShouldContain("https://example.com/tg_live_…/tg_test_…");
        said.ShouldNotContain(secret[12..], Case.Sensitive);
        var (_, subscriptions) = await person.SendAsync(HttpMethod.Get, "/api/subscriptions");
        var (_, keys) = await person.SendAsync(HttpMethod.Get, $"/api/subscriptions/{subscriptions.GetProperty("data")[0].GetProperty("id").GetString()}/keys");
        keys.GetProperty("data")[0].GetProperty("leak_source").GetString().ShouldBe("https://example.com/tg_live_…/tg_test_…");
    }

    [Fact]
    public async Task ReportsAtOnce_TellOnce()
    {
        var (person, _, secret, _) = await KeyAsync();
        var body = Body((secret, "https://example.com/gist/1"));
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => ReportAsync(body, Sign(body))));
        answers.ShouldAllBe(answer => answer.Status == 200 && answer.Body[0].GetProperty("label").GetString() == "true_positive");
        _server.Mails.All.Count.ShouldBe(1);
        var (_, list) = await person.SendAsync(HttpMethod.Get, $"/api/audit-log?organization={Foundation.TypeId.Format("org", person.Organization)}&action=key.leaked");
        list.GetProperty("data").GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task Report_WithoutSignature_HasAHundredFindingsAtMost()
    {
        var body = Body([.. Enumerable.Repeat((KeyFormat.Generate(KeyFormat.Live), "x"), 101)]);
        var (status, problem) = await ReportAsync(body, null);
        (status, problem.GetProperty("errors")[0].GetProperty("code").GetString()).ShouldBe((422, "TOO_MANY"));
        (await ReportAsync(body, Sign(body))).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Report_WithAWrongSignature_ChangesNothing()
    {
        var (_, plan, secret, _) = await KeyAsync();
        var body = Body((secret, "https://example.com/paste"));
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        foreach (var signature in new[] { Sign("[]"), "AAAA", "not base64!", Convert.ToBase64String(other.SignData(Encoding.UTF8.GetBytes(body), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)) })
        {
            var (status, problem) = await ReportAsync(body, signature);
            (status, problem.GetProperty("code").GetString()).ShouldBe((401, "REPORT_SIGNATURE_INVALID"));
        }
        (await ReportAsync(body, Sign(body), id: "scanner-2")).Status.ShouldBe(401);
        _server.Call(secret, plan).Admitted.ShouldBeTrue();
        foreach (var noise in new[] { "{}", "[null]", "[", "[1]", "\"x\"" })
            (await ReportAsync(noise, null)).Status.ShouldBe(422, noise);
    }

    [Fact]
    public async Task Report_PastTheLimitOfAnAddress_Waits()
    {
        for (var i = 0; i < 12; i++)
            (await ReportAsync("[]", null)).Status.ShouldBe(202);
        (await ReportAsync("[]", null)).Status.ShouldBe(429);
    }

    [Fact]
    public async Task Report_WhereLeaksAreFlagged_LeavesTheKeyAndMarksIt()
    {
        var (person, plan, secret, _) = await KeyAsync();
        await using var flagging = await _server.StartAsync(_server.NewFolder(), ("Keys:Leaked", "flag"));
        using var request = new StringContent(Body((secret, "https://example.com/paste")), Encoding.UTF8, "application/json");
        using var response = await flagging.Client.PostAsync("/api/keys/leaked", request);
        ((int)response.StatusCode).ShouldBe(202);
        _server.Call(secret, plan).Admitted.ShouldBeTrue();
        _server.Mails.All.ShouldHaveSingleItem().Values["change"].ShouldContain("Rotate it");
        var (_, subscriptions) = await person.SendAsync(HttpMethod.Get, "/api/subscriptions");
        var (_, keys) = await person.SendAsync(HttpMethod.Get, $"/api/subscriptions/{subscriptions.GetProperty("data")[0].GetProperty("id").GetString()}/keys");
        keys.GetProperty("data")[0].GetProperty("leak_source").GetString().ShouldBe("https://example.com/paste");
    }

    /// <summary>Who makes keys and reports them writes to nobody's mailbox for ever.</summary>
    [Fact]
    public async Task News_OfManyLeaks_AreTwentyAnHourToAnAddress()
    {
        var (person, plan, _, _) = await KeyAsync();
        var subscription = (await person.SendAsync(HttpMethod.Get, "/api/subscriptions")).Body.GetProperty("data")[0].GetProperty("id").GetString();
        var secrets = new List<string>();
        for (var i = 0; i < 22; i++)
            secrets.Add((await person.SendAsync(HttpMethod.Post, $"/api/subscriptions/{subscription}/keys", new { name = $"key {i}" })).Body.GetProperty("secret").GetString()!);
        (await ReportAsync(Body([.. secrets.Select(secret => (secret, "https://example.com/paste"))]), null)).Status.ShouldBe(202);
        foreach (var secret in secrets)
            _server.Call(secret, plan).Admitted.ShouldBeFalse();
        _server.Mails.All.Count.ShouldBe(20);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task KeyThatWasFound_AndIsFollowedByAnother_HasNoGrace(bool rotatedFirst)
    {
        var (person, plan, secret, keyId) = await KeyAsync();
        await using var flagging = await _server.StartAsync(_server.NewFolder(), ("Keys:Leaked", "flag"));
        async Task RotateAsync() => (await person.SendAsync(HttpMethod.Post, $"/api/keys/{keyId}/rotate", new { grace_seconds = 3600 })).Status.ShouldBe(201);
        async Task FindAsync()
        {
            using var found = new StringContent(Body((secret, "https://example.com/paste")), Encoding.UTF8, "application/json");
            using var response = await flagging.Client.PostAsync("/api/keys/leaked", found);
            ((int)response.StatusCode).ShouldBe(202);
        }
        await (rotatedFirst ? RotateAsync() : FindAsync());
        _server.Call(secret, plan).Admitted.ShouldBeTrue();
        await (rotatedFirst ? FindAsync() : RotateAsync());
        await AdmissionServer.UntilAsync(() => _server.Call(secret, plan).Verdict == AdmissionVerdict.KeyRevoked, "the key is refused");
    }

    private async Task<(Person Person, Plan Plan, string Secret, string KeyId)> KeyAsync()
    {
        var plan = await _server.PlanAsync(await _server.RegisterAsync(), Node.Deny(1000, Window.Month));
        var person = await _server.RegisterAsync();
        var (_, keyId, secret) = await person.SubscribeAsync(plan);
        return (person, plan, secret, keyId);
    }

    private async Task<(int Status, JsonElement Body)> ReportAsync(string body, string? signature, string id = "scanner-1")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/keys/leaked") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        if (signature is not null)
        {
            request.Headers.Add("Github-Public-Key-Identifier", id);
            request.Headers.TryAddWithoutValidation("Github-Public-Key-Signature", signature);
        }
        using var response = await _server.Server.Client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return ((int)response.StatusCode, text.Length == 0 ? default : JsonDocument.Parse(text).RootElement);
    }

    private string Sign(string body) => Convert.ToBase64String(_scanner.SignData(Encoding.UTF8.GetBytes(body), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));

    private static string Body(params (string Token, string Url)[] tokens) =>
        JsonSerializer.Serialize(tokens.Select(one => new { token = one.Token, type = "tollgate_key", url = one.Url, source = "content" }));
}
