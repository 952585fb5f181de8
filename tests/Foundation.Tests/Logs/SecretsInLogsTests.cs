using Tollgate.TestKit;

namespace Tollgate.Foundation.Tests.Logs;

public sealed class SecretsInLogsTests
{
    [Theory]
    [InlineData("key tg_live_0123456789abcdefghijABCDEFGHIJ01234567 refused")]
    [InlineData("{\"Authorization\":\"Bearer eyJhbGciOiJFUzI1NiJ9abcdef.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJlLWlzLWhlcmUtMTIz\"}")]
    [InlineData("signing in with correct horse battery staple")]
    public void ASecret_IsFound(string line) => SecretsInLogs.Find($"before\n{line}\nafter").ShouldNotBeNull();

    [Theory]
    [InlineData("key tg_live_0123 of key_01jd… was refused")]
    [InlineData("POST /auth/login 200 12.1 ms req_01jd0000000000000000000000")]
    public void WhatIsShown_IsNone(string line) => SecretsInLogs.Find(line).ShouldBeNull();

    [Theory]
    [InlineData("code", "739155", "the code 739155 was wrong")]
    [InlineData("code", "739155", "{\"code\":\"739155\"}")]
    [InlineData("code", "7391 5582", "code=73915582")]
    [InlineData("code", "7391 5582", "typed 7391 5582.")]
    [InlineData("recovery_codes", "qkxwz-jh2y7", "recovery code QKXWZ-JH2Y7 or qkxwzjh2y7")]
    [InlineData("link", "kQ9-xw_PfT0aa1bb2cc3dd4", "GET /verify-email#kQ9-xw_PfT0aa1bb2cc3dd4")]
    [InlineData("password", "grün und blau", "password: grün und blau")]
    public void WhatWasHandedOut_IsFound(string kind, string secret, string line)
    {
        HandedOut.Remember(kind, secret);
        SecretsInLogs.Find($"before\n{line}\nafter").ShouldNotBeNull();
        HandedOut.Kinds.ShouldContain(kind);
    }

    [Theory]
    [InlineData("739156", "process 1739156, request req_739156aa, at 12:00:00.739156, 739156ms")]
    [InlineData("7391 5583", "bytes 173915583")]
    public void DigitsOfSomethingElse_AreNone(string code, string line)
    {
        HandedOut.Remember("code", code);
        SecretsInLogs.Find(line).ShouldBeNull();
    }

    [Fact]
    public void AMailsCodeAndLink_AreRemembered()
    {
        HandedOut.RememberMail("Hello,\r\n\r\n    8264 9173\r\n\r\nSign in:\r\nhttp://127.0.0.1:8080/sign-in/link#mmmmNNNNooooPPPPqqqqRRRR\r\n");
        SecretsInLogs.Find("82649173").ShouldNotBeNull();
        SecretsInLogs.Find("mmmmNNNNooooPPPPqqqqRRRR").ShouldNotBeNull();
    }
}
