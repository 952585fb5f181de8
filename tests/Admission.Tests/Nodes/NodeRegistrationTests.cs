using Microsoft.Extensions.Logging.Abstractions;
using Tollgate.Admission.Deciding;
using Tollgate.Admission.Nodes;
using Tollgate.TestKit;

namespace Tollgate.Admission.Tests.Nodes;

public sealed class NodeRegistrationTests : IAsyncLifetime
{
    private readonly List<(NodeRegistration Registration, string Folder)> _nodes = [];
    private TestDatabase _database = null!;

    public async ValueTask InitializeAsync() => _database = await TestDatabase.CreateAsync(AdmissionModule.Sql);

    public async ValueTask DisposeAsync()
    {
        foreach (var (registration, folder) in _nodes)
        {
            registration.Dispose();
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
        }
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task Beat_SecondNode_IsNotReadyAndSaysWhyUntilTheFirstStops()
    {
        var (first, firstState) = NewNode();
        var (second, secondState) = NewNode();
        await first.BeatAsync(CancellationToken.None);
        await second.BeatAsync(CancellationToken.None);
        firstState.Ready.ShouldBeTrue();
        secondState.Ready.ShouldBeFalse();
        secondState.WhyNotReady.ShouldContain("Limits__Nodes");
        secondState.WhyNotReady.ShouldContain("Redis__Url");
        await first.BeatAsync(CancellationToken.None);
        firstState.Ready.ShouldBeTrue();

        await first.StopAsync(CancellationToken.None);
        firstState.Ready.ShouldBeFalse();
        await second.BeatAsync(CancellationToken.None);
        secondState.Ready.ShouldBeTrue();
    }

    [Fact]
    public async Task Beat_NodesThatShareTheirLimits_AreAllReady()
    {
        var nodes = Enumerable.Range(0, 3).Select(_ => NewNode(redis: true)).ToList();
        foreach (var (registration, _) in nodes)
            await registration.BeatAsync(CancellationToken.None);
        nodes.ShouldAllBe(node => node.State.Ready);
    }

    [Fact]
    public async Task Beat_TwoNodesOfTwo_AreBothReadyAndAThirdIsNot()
    {
        var nodes = Enumerable.Range(0, 3).Select(_ => NewNode(nodes: 2)).ToList();
        foreach (var (registration, _) in nodes)
            await registration.BeatAsync(CancellationToken.None);
        nodes.Select(node => node.State.Ready).ShouldBe([true, true, false]);
    }

    [Fact]
    public async Task Beat_ManyAtOnce_ExactlyOneIsReady()
    {
        var nodes = Enumerable.Range(0, 8).Select(_ => NewNode()).ToList();
        await Task.WhenAll(nodes.Select(node => node.Registration.BeatAsync(CancellationToken.None)));
        nodes.Count(node => node.State.Ready).ShouldBe(1);
    }

    [Fact]
    public async Task Beat_RestartAfterAKill_TakesItsOwnPlaceAtOnce()
    {
        var folder = NewFolder();
        var (killed, _) = NewNode(folder);
        await killed.BeatAsync(CancellationToken.None);
        var (waiting, waitingState) = NewNode();
        await waiting.BeatAsync(CancellationToken.None);
        // The lock goes with the process; its row stays.
        killed.Dispose();
        var (again, againState) = NewNode(folder);
        await again.BeatAsync(CancellationToken.None);
        await waiting.BeatAsync(CancellationToken.None);
        againState.Ready.ShouldBeTrue();
        waitingState.Ready.ShouldBeFalse();
    }

    [Fact]
    public async Task Beat_FirstSilentForTooLong_LosesItsPlace()
    {
        var (first, firstState) = NewNode();
        var (second, secondState) = NewNode();
        await first.BeatAsync(CancellationToken.None);
        await PassAsync("seen_at = seen_at - interval '16 seconds'");
        await second.BeatAsync(CancellationToken.None);
        secondState.Ready.ShouldBeTrue();
        await first.BeatAsync(CancellationToken.None);
        firstState.Ready.ShouldBeFalse();
    }

    /// <summary>What they hold of shared limits must be told before a counter that was lost is rebuilt, and nobody could say that it lives.</summary>
    [Fact]
    public async Task Live_AfterATimeInWhichTheRegisterWasAway_AreThoseOfBefore_UntilTheyHadTheirTime()
    {
        var (first, firstState) = NewNode(redis: true);
        var (second, secondState) = NewNode(redis: true);
        await first.BeatAsync(CancellationToken.None);
        await second.BeatAsync(CancellationToken.None);
        Guid[] both = [firstState.NodeId!.Value, secondState.NodeId!.Value];
        await PassAsync("seen_at = seen_at - interval '1 minute'");
        (await LiveAsync()).ShouldBe(both, ignoreOrder: true, "nobody has been heard of since");
        await first.BeatAsync(CancellationToken.None);
        (await LiveAsync()).ShouldBe(both, ignoreOrder: true, "the second comes in a moment");
        await PassAsync("waited_for_until = waited_for_until - interval '16 seconds'");
        (await LiveAsync()).ShouldBe([both[0]]);

        // One alone is silent while the register is there: it is gone.
        await second.BeatAsync(CancellationToken.None);
        await PassAsync($"seen_at = seen_at - interval '16 seconds' WHERE id = '{both[1]}'");
        await first.BeatAsync(CancellationToken.None);
        (await LiveAsync()).ShouldBe([both[0]]);
    }

    [Fact]
    public async Task Beat_SameDataDirectory_SecondProcessIsNotReady()
    {
        var folder = NewFolder();
        var (first, _) = NewNode(folder);
        await first.BeatAsync(CancellationToken.None);
        var (second, secondState) = NewNode(folder);
        await second.BeatAsync(CancellationToken.None);
        secondState.Ready.ShouldBeFalse();
        secondState.WhyNotReady.ShouldContain("data directory");
    }

    private Task<IReadOnlyList<Guid>> LiveAsync() => _database.Database.AsWorkerAsync(NodeStore.LiveAsync, CancellationToken.None);

    private async Task PassAsync(string change)
    {
        await using var command = _database.OwnerOrSuperuser.CreateCommand($"UPDATE admission.node SET {change}");
        await command.ExecuteNonQueryAsync();
    }

    private static string NewFolder() => Directory.CreateTempSubdirectory("tollgate-node-").FullName;

    private (NodeRegistration Registration, NodeState State) NewNode(string? folder = null, int nodes = 1, bool redis = false)
    {
        folder ??= NewFolder();
        var state = new NodeState(nodes) { Loaded = true };
        var options = new NodeOptions(true, nodes, redis, folder);
        var registration = new NodeRegistration(options, state, new NodeLicence(options), _database.Database, TimeProvider.System, NullLogger<NodeRegistration>.Instance);
        _nodes.Add((registration, folder));
        return (registration, state);
    }
}
