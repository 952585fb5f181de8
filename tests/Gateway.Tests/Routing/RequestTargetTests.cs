using Tollgate.Gateway.Routing;

namespace Tollgate.Gateway.Tests.Routing;

public sealed class RequestTargetTests
{
    [Theory]
    [InlineData("/a/b/../c")]
    [InlineData("/a/b/..")]
    [InlineData("/a/./b")]
    [InlineData("/a/b/.")]
    [InlineData("/../a/b")]
    [InlineData("/a/%2e%2e/b")]
    [InlineData("/a/%2E./b")]
    [InlineData("/a/.%2e")]
    [InlineData("/a/%2e")]
    [InlineData("/a/b%2f..%2fc")]
    [InlineData("/a/b%5c..%5cc")]
    [InlineData("/a/b/..;x=1/c")]
    [InlineData("/a/b/..%3Bx/c")]
    [InlineData("/a/b\\c")]
    [InlineData("/a/b%00c")]
    [InlineData("/a/b\0c")]
    [InlineData("/a/b#c")]
    [InlineData("*")]
    [InlineData("")]
    [InlineData("example.com:443")]
    [InlineData("http://example.com/a/../b")]
    public void TryParse_DangerousTarget_IsRefused(string raw) => RequestTarget.TryParse(raw, out _).ShouldBeFalse();

    [Theory]
    [InlineData("/a/b/c", "/a/b/c")]
    [InlineData("/a/b/c%2Fd%20e//f?x=../y&z=%00", "/a/b/c%2Fd%20e//f")]
    [InlineData("/a/b/.well-known/...", "/a/b/.well-known/...")]
    [InlineData("/a/b/x..y/.hidden/v1.", "/a/b/x..y/.hidden/v1.")]
    [InlineData("/a/b/%252e%252e/c", "/a/b/%252e%252e/c")]
    [InlineData("/a/b/100%", "/a/b/100%")]
    [InlineData("/a/b;v=1.2/..c", "/a/b;v=1.2/..c")]
    [InlineData("http://example.com/a/b?q", "/a/b")]
    public void TryParse_CleanTarget_KeepsItsBytes(string raw, string path)
    {
        RequestTarget.TryParse(raw, out var target).ShouldBeTrue();
        target.Path.ToString().ShouldBe(path);
        raw.ShouldEndWith(target.PathAndQuery.ToString());
    }
}
