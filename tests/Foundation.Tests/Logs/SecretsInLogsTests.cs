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
}
