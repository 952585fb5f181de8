using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Tollgate.Admission.Leases;
using Tollgate.Foundation;
using Tollgate.Metering;
using Tollgate.Plans;
using Tollgate.TestKit;

namespace Tollgate.Admission.Tests.Leases;

/// <summary>Three admitting nodes on one database and one Redis.</summary>
internal sealed class SharedNodes : IAsyncDisposable
{
    /// <summary>How long a question of a node may take, in milliseconds. As the program has it by itself is too little for a busy machine: an answer that takes longer is none.</summary>
    private const string Patience = "1000";
    private readonly AdmissionServer _first;
    private readonly RoundGate _gate = new();

    private SharedNodes(TestRedis redis, string? url, Dictionary<string, string?>? settings, SlotOptions? slots)
    {
        Redis = redis;
        settings ??= [];
        settings.TryAdd("Redis:TimeoutMilliseconds", Patience);
        _first = new AdmissionServer { Redis = url ?? redis.Url, Settings = settings, Slots = slots };
    }

    public TestRedis Redis { get; }

    public List<TestServer> Nodes { get; } = [];

    public AdmissionServer Host => _first;

    /// <param name="count">Of nodes.</param>
    /// <param name="redis">Another server than a plain one of its own. It ends with the nodes.</param>
    /// <param name="url">Of it, and of others.</param>
    /// <param name="settings">Of each node.</param>
    /// <param name="slots">How long they hold places of calls in flight.</param>
    public static async Task<SharedNodes> StartAsync(int count = 3, TestRedis? redis = null, string? url = null, Dictionary<string, string?>? settings = null, SlotOptions? slots = null)
    {
        var nodes = new SharedNodes(redis ?? await TestRedis.StartAsync(), url, settings, slots);
        await nodes._first.InitializeAsync();
        nodes.Nodes.Add(nodes._first.Server);
        nodes._gate.Watch(nodes._first.Server);
        while (nodes.Nodes.Count < count)
            await nodes.AddAsync(nodes._first.NewFolder());
        return nodes;
    }

    public async Task<TestServer> AddAsync(string folder)
    {
        var server = await _first.StartAsync(folder);
        Nodes.Add(server);
        await AdmissionServer.UntilReadyAsync(server);
        _gate.Watch(server);
        return server;
    }

    /// <summary>
    /// Redis loses its memory at a moment when all that nodes asked has been answered and taken in: a question that is lost together with the memory costs what it was about
    /// (docs/operations/redis.md), and how long an answer is on its way is a matter of how busy the machine is. Nodes ask again when all work with another epoch.
    /// </summary>
    public async Task BetweenQuestionsAsync(Func<Task> happens)
    {
        await _gate.CloseAsync();
        var before = Nodes[0].Epoch();
        await happens();
        await AdmissionServer.UntilAsync(() => Nodes.TrueForAll(node => node.Epoch() is { } epoch && epoch != before), "all nodes work with another epoch");
        _gate.Open();
    }

    /// <summary>A clean end: SIGTERM.</summary>
    public async Task StopAsync(int place)
    {
        await Nodes[place].Services.GetRequiredService<IHost>().StopAsync();
        await LoseAsync(place);
    }

    /// <summary>The node is gone without a word to anybody.</summary>
    public async Task LoseAsync(int place)
    {
        await Nodes[place].DisposeAsync();
        Nodes.RemoveAt(place);
    }

    /// <summary>A subscription with these allowances, known to every node.</summary>
    public Task<Buyer> SubscribeAsync(params Allowance[] allowances) => SubscribeAsync(null, allowances);

    /// <summary>The same with so many calls in flight at once.</summary>
    public async Task<Buyer> SubscribeAsync(int? concurrency, Allowance[] allowances)
    {
        var plan = await _first.PlanAsync(await _first.RegisterAsync(), concurrency, allowances);
        var (id, _, secret) = await (await _first.RegisterAsync()).SubscribeAsync(plan);
        TypeId.TryParse(id, "sub", out var subscription).ShouldBeTrue();
        foreach (var node in Nodes)
            await node.Services.GetRequiredService<IChangeFeed>().CatchUpAsync(CancellationToken.None);
        return new Buyer(subscription, Encoding.ASCII.GetBytes(secret), plan.Product.Id);
    }

    /// <summary>The decision alone: nothing is waited for.</summary>
    public static AdmissionDecision Admit(IAdmission admission, Buyer buyer, int amount = 1) => admission.Admit(buyer.Secret, buyer.Product, Node.Amounts((Meter.Requests, amount)));

    /// <summary>One call, as the gateway makes it.</summary>
    public static async Task<AdmissionDecision> CallAsync(TestServer node, Buyer buyer, int amount = 1)
    {
        var admission = node.Services.GetRequiredService<IAdmission>();
        var until = TimeProvider.System.GetUtcNow().AddSeconds(1);
        var decision = Admit(admission, buyer, amount);
        while (decision.Verdict == AdmissionVerdict.Undecided && TimeProvider.System.GetUtcNow() < until && await admission.LeaseAsync(decision))
            decision = Admit(admission, buyer, amount);
        return decision;
    }

    /// <summary>Calls on all nodes at once, from several callers on each, until told to end. Answers the admitted by the window that they were taken from.</summary>
    public async Task<Tally> LoadAsync(Buyer buyer, Func<Tally, AdmissionDecision, bool> goesOn, int callers = 4, Tally? into = null)
    {
        var tally = into ?? new Tally();
        await Task.WhenAll(Nodes.SelectMany(node => Enumerable.Range(0, callers).Select(_ => Task.Run(async () =>
        {
            AdmissionDecision decision;
            do
            {
                await tally.TurnAsync();
                decision = await CallAsync(node, buyer);
                tally.Add(decision);
                if (!decision.Admitted)
                    await Task.Delay(1);
            }
            while (goesOn(tally, decision));
        }))));
        return tally;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in Nodes.Skip(1))
            await node.DisposeAsync();
        await _first.DisposeAsync();
        await Redis.DisposeAsync();
    }
}

internal sealed record Buyer(Guid Subscription, byte[] Secret, Guid Product);

internal sealed class Tally
{
    private readonly ConcurrentDictionary<uint, int> _windows = new();
    private int _admitted;
    private int _limited;
    private int _unavailable;

    private int _slowFrom = int.MaxValue;

    public int Admitted => Volatile.Read(ref _admitted);

    public int Limited => Volatile.Read(ref _limited);

    public int Unavailable => Volatile.Read(ref _unavailable);

    /// <summary>Admitted calls by the window of their first allowance.</summary>
    public IReadOnlyDictionary<uint, int> Windows => _windows;

    /// <summary>Without Redis for a while: nodes that have a lease left use it, and then some. Or there is nothing left that it could have granted.</summary>
    public Task SpentAsync()
    {
        SlowFrom(int.MaxValue);
        var before = Unavailable;
        return AdmissionServer.UntilAsync(() => Unavailable > before + 500 || Limited > 0, "the leases are spent");
    }

    /// <summary>With so many admitted the load goes on slowly, until it is told otherwise: it must not be over before that has happened which it is to meet.</summary>
    public void SlowFrom(int admitted) => Volatile.Write(ref _slowFrom, admitted);

    public Task TurnAsync() => Admitted < Volatile.Read(ref _slowFrom) ? Task.CompletedTask : Task.Delay(20);

    public void Add(in AdmissionDecision decision)
    {
        switch (decision.Verdict)
        {
            case AdmissionVerdict.Admitted:
                Interlocked.Increment(ref _admitted);
                _windows.AddOrUpdate(decision.Stamps[0], 1, (_, count) => count + 1);
                break;
            case AdmissionVerdict.RateLimited:
                Interlocked.Increment(ref _limited);
                break;
            default:
                Interlocked.Increment(ref _unavailable);
                break;
        }
    }
}
