namespace Tollgate.Gateway.Tests.Listener;

/// <summary>Requests that two servers could read differently are refused, and nothing of them reaches the upstream.</summary>
public sealed class SmugglingTests
{
    [Theory]
    [InlineData("Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde")]
    [InlineData("Content-Length: 4, 4\r\n\r\nabcd")]
    [InlineData("Content-Length: 0x4\r\n\r\nabcd")]
    [InlineData("Content-Length: -1\r\n\r\nabcd")]
    [InlineData("Content-Length: +4\r\n\r\nabcd")]
    [InlineData("Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd")]
    [InlineData("Content-Length: 4 4\r\n\r\nabcd")]
    [InlineData("Content-Length:\r\n\r\nabcd")]
    [InlineData("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: \u000bchunked\r\n\r\n0\r\n\r\n")]
    [InlineData("X: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("X: y\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: xchunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked, identity\r\n\r\n4\r\nabcd\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding : chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n")]
    [InlineData("X-Folded: a\r\n b\r\nContent-Length: 4\r\n\r\nabcd")]
    [InlineData(" X-Space: a\r\nContent-Length: 4\r\n\r\nabcd")]
    [InlineData("Content-Length: 4\nX: y\r\n\rabcd")]
    [InlineData("Host: two.test\r\nContent-Length: 4\r\n\r\nabcd")]
    [InlineData("X-Nul: a\0b\r\nContent-Length: 4\r\n\r\nabcd")]
    public async Task AmbiguousFraming_Is400_AndNotForwarded(string rest)
    {
        await using var rig = await GatewayRig.StartAsync();
        var answer = await rig.RawAsync($"POST /acme/weather/x HTTP/1.1\r\nHost: x\r\nx-api-key: {FakeAdmission.Key}\r\n{rest}");

        answer.ShouldStartWith("HTTP/1.1 400");
        rig.Upstream.Received.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("Content-Length: 6\r\nTransfer-Encoding: chunked")]
    [InlineData("Transfer-Encoding: chunked\r\nContent-Length: 6")]
    public async Task LengthAndChunked_NothingAfterTheEndIsARequest(string headers)
    {
        await using var rig = await GatewayRig.StartAsync();
        var answer = await rig.RawAsync($"POST /acme/weather/x HTTP/1.1\r\nHost: x\r\nx-api-key: {FakeAdmission.Key}\r\n{headers}\r\n\r\n0\r\n\r\n"
            + $"GET /acme/weather/smuggled HTTP/1.1\r\nHost: x\r\nx-api-key: {FakeAdmission.Key}\r\n\r\n");

        answer.ShouldStartWith("HTTP/1.1 400");
        rig.Upstream.Received.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("ZZ\r\nabcd\r\n0\r\n\r\n")]
    [InlineData("4\r\nabcdX0\r\n\r\n")]
    [InlineData("-4\r\nabcd\r\n0\r\n\r\n")]
    public async Task BrokenChunks_EndTheRequestInOneEvent(string body)
    {
        await using var rig = await GatewayRig.StartAsync();
        var answer = await rig.RawAsync($"POST /acme/weather/x HTTP/1.1\r\nHost: x\r\nx-api-key: {FakeAdmission.Key}\r\nTransfer-Encoding: chunked\r\n\r\n{body}");

        answer.ShouldStartWith("HTTP/1.1 400");
        await rig.EventAsync();
    }
}
