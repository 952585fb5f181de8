using Tollgate.Metering.Reports;

namespace Tollgate.Metering.Tests.Reports;

public sealed class ReportTurnsTests
{
    private static readonly Guid A = MeteringDatabase.Id(1), B = MeteringDatabase.Id(2), C = MeteringDatabase.Id(3);

    [Fact]
    public async Task Take_OneOrganizationWithMoreThanItsShare_WaitsAndAnotherGoesOn()
    {
        using var turns = new ReportTurns();
        var held = await TakeAsync(turns, ReportTurns.Share, A);
        var waiting = Take(turns, A);
        waiting.IsCompleted.ShouldBeFalse();
        (await Take(turns, B)).ShouldNotBeNull();
        held[0].Dispose();
        (await waiting).ShouldNotBeNull();
    }

    [Fact]
    public async Task Take_AllTogether_AreBounded()
    {
        using var turns = new ReportTurns();
        var held = await TakeAsync(turns, ReportTurns.Share, A);
        await TakeAsync(turns, ReportTurns.Together - ReportTurns.Share, B);
        var waiting = Take(turns, C);
        waiting.IsCompleted.ShouldBeFalse();
        held[0].Dispose();
        (await waiting).ShouldNotBeNull();
    }

    [Fact]
    public async Task Take_MoreThanMayWait_IsRefusedAndHoldsNothing()
    {
        using var turns = new ReportTurns();
        await TakeAsync(turns, ReportTurns.Share, B);
        var waiting = Enumerable.Range(0, ReportTurns.WaitingOfOne).Select(_ => Take(turns, B)).ToList();
        for (var i = 0; i <= ReportTurns.Share; i++)
            (await Take(turns, B, A)).ShouldBeNull();
        waiting.ShouldAllBe(task => !task.IsCompleted);
        await TakeAsync(turns, ReportTurns.Share, A);
    }

    [Fact]
    public async Task Take_GivenUpWhileWaiting_HoldsNothing()
    {
        using var turns = new ReportTurns();
        var held = await TakeAsync(turns, ReportTurns.Share, B);
        using var left = new CancellationTokenSource();
        var waiting = turns.TakeAsync([B, A], left.Token);
        await left.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(waiting);
        await TakeAsync(turns, ReportTurns.Share, A);
        held[0].Dispose();
        (await Take(turns, B)).ShouldNotBeNull();
    }

    private static Task<ReportTurn?> Take(ReportTurns turns, params Guid[] organizations) => turns.TakeAsync(organizations, TestContext.Current.CancellationToken);

    private static async Task<List<ReportTurn>> TakeAsync(ReportTurns turns, int count, Guid organization)
    {
        var taken = new List<ReportTurn>();
        for (var i = 0; i < count; i++)
        {
            var turn = Take(turns, organization);
            turn.IsCompleted.ShouldBeTrue();
            taken.Add((await turn).ShouldNotBeNull());
        }
        return taken;
    }
}
