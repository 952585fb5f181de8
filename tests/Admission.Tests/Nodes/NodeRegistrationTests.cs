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
        await using (var command = _database.OwnerOrSuperuser.CreateCommand("UPDATE admission.node SET seen_at = seen_at - interval '16 seconds'"))
            await command.ExecuteNonQueryAsync();
        await second.BeatAsync(CancellationToken.None);
        secondState.Ready.ShouldBeTrue();
        await first.BeatAsync(CancellationToken.None);
        firstState.Ready.ShouldBeFalse();
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
