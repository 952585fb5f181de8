using Microsoft.Extensions.DependencyInjection;
using Tollgate.Admission.Leases;
using Tollgate.Foundation;
using Tollgate.Plans;
using Tollgate.TestKit;

namespace Tollgate.Admission.Tests.Leases;

/// <summary>Other servers than a plain one of its own: behind TLS with a user's password, and one that fails over to its replica.</summary>
public sealed class RedisServerTests
{
    private const int Limit = 20_000;

    // As docs/operations/redis.md has it.
    private const string Rights = "~tollgate:* +role +get +set +del +hget +hset +hdel +hkeys +hgetall +hmget +hincrby +sadd +srem +smembers +pttl +expire +pexpireat +time +evalsha "
        + "+script|exists +script|load";

    [Fact]
    public async Task Tls_AUserWithTheRightsThatTheGuideNames_SharesLimits_AndRebuildsThem()
    {
        var certificate = TestCertificate.Create();
        var folder = Directory.CreateTempSubdirectory("tollgate-redis-tls-").FullName;
        certificate.WriteTo(folder);
        var redis = await TestRedis.StartSecureAsync(certificate, "tollgate", "p@ss:w/rd", Rights);
        await using var nodes = await SharedNodes.StartAsync(2, redis, $"rediss://tollgate:{Uri.EscapeDataString("p@ss:w/rd")}@{redis.Address}", new()
        {
            ["Redis:CertificateAuthority"] = Path.Combine(folder, "cert.pem"),
            ["Redis:Certificate"] = Path.Combine(folder, "cert.pem"),
            ["Redis:CertificateKey"] = Path.Combine(folder, "key.pem"),
        });
        Directory.Delete(folder, recursive: true);
        var (tally, load) = await UnderLoadAsync(nodes);
        await nodes.BetweenQuestionsAsync(async () =>
        {
            await redis.KillAsync();
            await tally.SpentAsync();
            await redis.StartAgainAsync();
        });
        await load;
        tally.Admitted.ShouldBe(Limit);
    }

    [Theory]
    [InlineData("tollgate:wrong@")]
    [InlineData("")]
    public async Task AServerThatDoesNotLetTheNodeIn_GrantsNothing(string credentials)
    {
        await using var redis = await TestRedis.StartAsync();
        await redis.TextAsync("ACL", "SETUSER", "tollgate", "on", ">right", "~tollgate:*", "+@all");
        await redis.TextAsync("ACL", "SETUSER", "default", "-@all", "+auth", "+shutdown");
        await using var host = new AdmissionServer { Redis = $"redis://{credentials}{redis.Address}" };
        await host.InitializeAsync();
        var plan = await host.PlanAsync(await host.RegisterAsync(), [Node.Deny(5, Window.Month)]);
        var (id, _, secret) = await (await host.RegisterAsync()).SubscribeAsync(plan);
        TypeId.TryParse(id, "sub", out var subscription).ShouldBeTrue();
        await host.Server.Services.GetRequiredService<IChangeFeed>().CatchUpAsync(CancellationToken.None);
        (await SharedNodes.CallAsync(host.Server, new Buyer(subscription, System.Text.Encoding.ASCII.GetBytes(secret), plan.Product.Id))).Verdict.ShouldBe(AdmissionVerdict.Undecided);
    }

    [Fact]
    public async Task Failover_ToTheReplicaUnderLoad_TheLimitIsExact()
    {
        await using var replica = await TestRedis.StartAsync();
        await using var nodes = await StartWithAsync(replica);
        var (tally, load) = await UnderLoadAsync(nodes);

        await nodes.BetweenQuestionsAsync(async () =>
        {
            await nodes.Redis.KillAsync();
            await tally.SpentAsync();
            await replica.FollowAsync(null);
        });

        await load;
        tally.Admitted.ShouldBe(Limit);
        (await replica.ScriptCallsAsync()).ShouldBeGreaterThan(0);
    }

    /// <summary>Nobody waits for a good moment: what a node was asking for or giving back just then may be nobody's until the window ends (SharedLimitTests), and never adds to the limit.</summary>
    [Fact]
    public async Task Failover_WhileNodesAsk_NeverPassesTheLimit()
    {
        await using var replica = await TestRedis.StartAsync();
        await using var nodes = await StartWithAsync(replica);
        var (tally, load) = await UnderLoadAsync(nodes);

        await nodes.Redis.KillAsync();
        await replica.FollowAsync(null);
        tally.SlowFrom(int.MaxValue);

        await load;
        tally.Admitted.ShouldBeLessThanOrEqualTo(Limit);
        (await replica.ScriptCallsAsync()).ShouldBeGreaterThan(0);
    }

    /// <summary>It was not dead, it was only cut off: all its scripts and counters are there, as they were before another one took its place.</summary>
    [Fact]
    public async Task FormerPrimaryThatIsBackWithItsMemory_IsNotBelieved()
    {
        await using var replica = await TestRedis.StartAsync();
        await using var nodes = await StartWithAsync(replica, new() { ["Redis:TimeoutMilliseconds"] = "250" });
        var (tally, load) = await UnderLoadAsync(nodes);

        await nodes.BetweenQuestionsAsync(async () =>
        {
            await nodes.Redis.FreezeAsync();
            await replica.FollowAsync(null);
        });
        tally.SlowFrom(Limit / 2);
        await AdmissionServer.UntilAsync(() => tally.Admitted > Limit / 2, "more was used than the former primary knows");
        await nodes.BetweenQuestionsAsync(async () =>
        {
            await nodes.Redis.ThawAsync();
            await replica.KillAsync();
            await tally.SpentAsync();
        });

        await load;
        tally.Admitted.ShouldBe(Limit);
    }

    /// <summary>It follows the one that took its place, and so has its epoch; its scripts are of its own time. What the other granted last it never heard of.</summary>
    [Fact]
    public async Task FormerPrimaryThatIsPromotedAgain_BehindTheOther_IsNotBelieved()
    {
        await using var other = await TestRedis.StartAsync();
        await using var nodes = await StartWithAsync(other);
        var first = await nodes.Redis.TextAsync("GET", LeaseStore.Epoch);
        await other.FollowAsync(null);
        await nodes.Redis.FollowAsync(other);
        await nodes.Redis.TextAsync("CLIENT", "KILL", "TYPE", "normal");
        await UntilAsync(async () => await other.TextAsync("GET", LeaseStore.Epoch) is { } epoch && epoch != first && await nodes.Redis.TextAsync("GET", LeaseStore.Epoch) == epoch
            && nodes.Nodes.TrueForAll(node => node.Epoch() == epoch), "all work with the other's epoch, and it has been replicated");
        // From here on the two go apart; nodes stay where they are.
        await nodes.Redis.FollowAsync(null);
        var (tally, load) = await UnderLoadAsync(nodes);
        await nodes.BetweenQuestionsAsync(async () =>
        {
            await other.KillAsync();
            await tally.SpentAsync();
        });

        await load;
        tally.Admitted.ShouldBe(Limit);
    }

    private static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await condition())
        {
            limit.Token.IsCancellationRequested.ShouldBeFalse(what);
            await Task.Delay(50, CancellationToken.None);
        }
    }

    private static async Task<SharedNodes> StartWithAsync(TestRedis replica, Dictionary<string, string?>? settings = null)
    {
        var primary = await TestRedis.StartAsync();
        await replica.FollowAsync(primary);
        while (!(await primary.TextAsync("INFO", "replication"))!.Contains("state=online", StringComparison.Ordinal))
            await Task.Delay(50);
        return await SharedNodes.StartAsync(3, primary, $"redis://{primary.Address},{replica.Address}", settings);
    }

    private static async Task<(Tally Tally, Task Load)> UnderLoadAsync(SharedNodes nodes)
    {
        var buyer = await nodes.SubscribeAsync(Node.Deny(Limit, Window.Month));
        var tally = new Tally();
        tally.SlowFrom(Limit / 4);
        var load = nodes.LoadAsync(buyer, (_, last) => last.Verdict != AdmissionVerdict.RateLimited, into: tally);
        await AdmissionServer.UntilAsync(() => tally.Admitted > Limit / 10, "the load runs");
        return (tally, load);
    }
}
