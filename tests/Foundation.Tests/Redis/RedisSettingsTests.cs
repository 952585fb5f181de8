using System.Text;
using Microsoft.Extensions.Configuration;
using Tollgate.Foundation.Redis;

namespace Tollgate.Foundation.Tests.Redis;

public sealed class RedisSettingsTests
{
    [Theory]
    [InlineData("redis://cache", "cache:6379", null, null, 0, false)]
    [InlineData("rediss://:secret@10.0.0.1:6380/3", "10.0.0.1:6380", null, "secret", 3, true)]
    [InlineData("redis://tollgate:p%40ss%3A@a,b:7000,[::1]:7001/", "a:6379 b:7000 ::1:7001", "tollgate", "p@ss:", 0, false)]
    public void Url_IsTakenApart(string url, string addresses, string? user, string? password, int database, bool tls)
    {
        var settings = From(url)!;
        string.Join(' ', settings.Addresses).ShouldBe(addresses);
        (settings.User, settings.Password, settings.Database, settings.Tls).ShouldBe((user, password, database, tls));
    }

    [Theory]
    [InlineData("cache:6379")]
    [InlineData("http://cache")]
    [InlineData("redis://")]
    [InlineData("redis://:s3cret@a,,b")]
    [InlineData("redis://:s3cret@a/b")]
    [InlineData("redis://:s3cret@a:port")]
    public void Url_ThatIsNone_IsRefusedWithoutItsPassword(string url) =>
        Should.Throw<InvalidOperationException>(() => From(url)).Message.ShouldNotContain("s3cret");

    [Fact]
    public void NoUrl_IsNoServer() => From("").ShouldBeNull();

    [Fact]
    public void CertificateAuthority_ThatCannotBeRead_IsToldAtTheStart() =>
        Should.Throw<InvalidOperationException>(() => From("rediss://a", ("Redis:CertificateAuthority", "/nowhere/ca.pem"))).Message.ShouldContain("Redis__CertificateAuthority");

    [Theory]
    [InlineData("+OK\r\n", "OK")]
    [InlineData(":-7\r\n", "-7")]
    [InlineData("$-1\r\n", null)]
    [InlineData("$5\r\na\r\nbc\r\n", "a\r\nbc")]
    [InlineData("*3\r\n$1\r\na\r\n:2\r\n*1\r\n$-1\r\n", "[a,2,[]]")]
    [InlineData("-NOSCRIPT none\r\n", "error NOSCRIPT none")]
    public async Task Reply_IsReadHoweverItArrives(string bytes, string? reply)
    {
        foreach (var piece in (int[])[1, 3, 1000])
            Show(await new RespReader(new Pieces(Encoding.UTF8.GetBytes(bytes), piece)).ReadAsync()).ShouldBe(reply);
    }

    [Theory]
    [InlineData("")]
    [InlineData("$5\r\nabc")]
    [InlineData("HTTP/1.1 400 Bad Request\r\n")]
    [InlineData("$99999999999\r\n")]
    [InlineData("*-2\r\n")]
    public async Task WhatIsNoReply_Throws(string bytes) =>
        await Should.ThrowAsync<IOException>(async () => await new RespReader(new Pieces(Encoding.UTF8.GetBytes(bytes), 1000)).ReadAsync());

    private static string? Show(object? reply) => reply switch
    {
        List<object?> list => $"[{string.Join(',', list.Select(Show))}]",
        RespError error => "error " + error.Message,
        _ => (string?)reply,
    };

    private static RedisSettings? From(string url, params (string Name, string Value)[] more) => RedisSettings.From(new ConfigurationBuilder()
        .AddInMemoryCollection([new("Redis:Url", url), .. more.Select(one => new KeyValuePair<string, string?>(one.Name, one.Value))]).Build());

    /// <summary>A stream that gives so many bytes at a time.</summary>
    private sealed class Pieces(byte[] bytes, int most) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(most, buffer.Length)], cancellationToken);
    }
}
