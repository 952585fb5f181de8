using System.Net.Sockets;
using System.Text;
using Tollgate.Gateway.Tests.Listener;
using Tollgate.Metering;

namespace Tollgate.Gateway.Tests.Forwarding;

/// <summary>Answers of a known length that are so long that they pass through the kernel, and never through this process.</summary>
public sealed class LargeAnswerTests
{
    private const int Length = 8 * 1024 * 1024;
    private static readonly byte[] s_bytes = Bytes();

    [Fact]
    public async Task PassesWhole_ToAClientThatTakesItSlowly_AndBothConnectionsServeTheNext()
    {
        await using var rig = await GatewayRig.StartAsync();
        rig.Upstream.Answer = (request, stream, stop) => AnswerAsync(stream, request.Target.EndsWith("/short", StringComparison.Ordinal) ? 3 : Length, stop);
        using var client = await ConnectAsync(rig);
        for (var i = 0; i < 3; i++)
        {
            await client.SendAsync(Call("/long"));
            await client.ReadUntilAsync("\r\n\r\n");
            // The upstream has long sent what all buffers hold by now.
            await Task.Delay(100, TestContext.Current.CancellationToken);
            (await ReadAsync(client, Length)).AsSpan().SequenceEqual(s_bytes).ShouldBeTrue();
            await client.SendAsync(Call("/short"));
            await client.ReadUntilAsync("\r\n\r\n");
            (await ReadAsync(client, 3)).AsSpan().SequenceEqual(s_bytes.AsSpan(0, 3)).ShouldBeTrue();
        }
        rig.Upstream.Connections.ShouldBe(1);
        await GatewayRig.EventuallyAsync(() => rig.Journal.Events.Count == 6);
        rig.Journal.Events.Where(one => one.BytesOut > 3).ShouldAllBe(one => one.BytesOut == Length && one.Outcome == UsageOutcome.Served);
    }

    [Fact]
    public async Task ComesInManySmallPieces_PassesWhole()
    {
        await using var rig = await GatewayRig.StartAsync();
        const int length = 600_000;
        rig.Upstream.Answer = async (_, stream, stop) =>
        {
            await HeadAsync(stream, length);
            for (var at = 0; at < length; at += 100)
                await stream.WriteAsync(s_bytes.AsMemory(at, 100), stop);
        };
        using var client = await ConnectAsync(rig);
        await client.SendAsync(Call("/pieces"));
        await client.ReadUntilAsync("\r\n\r\n");
        (await ReadAsync(client, length)).AsSpan().SequenceEqual(s_bytes.AsSpan(0, length)).ShouldBeTrue();
    }

    [Fact]
    public async Task UpstreamThatEndsBeforeItsLength_TheClientSeesTheBreak()
    {
        await using var rig = await GatewayRig.StartAsync();
        rig.Upstream.Answer = async (_, stream, stop) =>
        {
            await HeadAsync(stream, Length);
            await stream.WriteAsync(s_bytes.AsMemory(0, Length / 2), stop);
            stream.Close();
        };
        var answer = await RawClient.ExchangeAsync(rig.Address, Call("/broken"));
        answer.Length.ShouldBeInRange(1, Length - 1);
        (await rig.EventAsync()).Outcome.ShouldBe(UsageOutcome.UpstreamFailed);
    }

    [Fact]
    public async Task BytesBehindIt_AreNoAnswerToTheNextCall()
    {
        await using var rig = await GatewayRig.StartAsync();
        rig.Upstream.Answer = async (request, stream, stop) =>
        {
            await AnswerAsync(stream, request.Target == "/first" ? Length : 2, stop);
            if (request.Target == "/first")
                await RawUpstream.WriteAsync(stream, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfake");
        };
        (await LengthAsync(rig, "/first")).ShouldBe(Length);
        (await LengthAsync(rig, "/second")).ShouldBe(2);
    }

    [Fact]
    public async Task ClientsThatLeave_EndTheirCalls_AndLeaveNoPipeOpen()
    {
        await using var rig = await GatewayRig.StartAsync();
        rig.Upstream.Answer = (_, stream, stop) => AnswerAsync(stream, Length, stop);
        var clients = new List<RawClient>();
        for (var i = 0; i < 20; i++)
        {
            clients.Add(await ConnectAsync(rig));
            await clients[i].SendAsync(Call("/left"));
            await clients[i].ReadUntilAsync("\r\n\r\n");
        }
        await GatewayRig.EventuallyAsync(() => Pipes() >= s_pipesOfOthers + 30);
        clients.ForEach(client => client.Dispose());
        await GatewayRig.EventuallyAsync(() => rig.Journal.Events.Count == 20);
        rig.Journal.Events.Select(one => one.Outcome).Distinct().ShouldBe([UsageOutcome.ClientAborted]);
        await GatewayRig.EventuallyAsync(() => Pipes() <= s_pipesOfOthers);
    }

    // Other classes of this assembly run at the same time; none of them passes answers of this size.
    private static readonly int s_pipesOfOthers = Pipes() + 4;

    private static int Pipes() => Directory.EnumerateFileSystemEntries("/proc/self/fd").Count(one => TargetOf(one)?.StartsWith("pipe:", StringComparison.Ordinal) == true);

    private static string? TargetOf(string link)
    {
        try
        {
            return new FileInfo(link).LinkTarget;
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static async Task<RawClient> ConnectAsync(GatewayRig rig)
    {
        // Small: the gateway has to wait for it.
        var tcp = new TcpClient { NoDelay = true, ReceiveBufferSize = 32 * 1024 };
        await tcp.ConnectAsync(rig.Address.Host, rig.Address.Port);
        return new RawClient(tcp);
    }

    private static string Call(string path) => $"GET /acme/weather{path} HTTP/1.1\r\nHost: x\r\nx-api-key: {FakeAdmission.Key}\r\n\r\n";

    private static async Task<int> LengthAsync(GatewayRig rig, string path)
    {
        using var answer = await rig.Client.SendAsync(GatewayRig.Call(path));
        return (await answer.Content.ReadAsByteArrayAsync()).Length;
    }

    private static Task HeadAsync(NetworkStream stream, int length) => RawUpstream.WriteAsync(stream, $"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");

    private static async Task AnswerAsync(NetworkStream stream, int length, CancellationToken stop)
    {
        await HeadAsync(stream, length);
        await stream.WriteAsync(s_bytes.AsMemory(0, length), stop);
    }

    private static async Task<byte[]> ReadAsync(RawClient client, int length)
    {
        var read = new byte[length];
        await client.Stream.ReadExactlyAsync(read, TestContext.Current.CancellationToken);
        return read;
    }

    private static byte[] Bytes()
    {
        var bytes = new byte[Length];
        new Random(7).NextBytes(bytes);
        return bytes;
    }
}
