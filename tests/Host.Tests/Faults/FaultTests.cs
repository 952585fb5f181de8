namespace Tollgate.Host.Tests.Faults;

/// <summary>A few rounds of bench/faults: whatever is killed, hangs or is full at any moment, answers given = request log = rollups.</summary>
public sealed class FaultTests
{
    [Fact(Timeout = 600_000)]
    public async Task KillsAndOutagesUnderLoad_EveryAnswerIsLoggedOnce()
    {
        await using var lab = await Lab.StartAsync(seed: 4711);
        foreach (var fault in new[] { Fault.KillProgram, Fault.KillProgramWhilePostgresHangs, Fault.KillBoth })
            ShouldBeExact(await lab.RoundAsync(fault));
    }

    [Fact(Timeout = 600_000)]
    public async Task JournalWithoutRoom_CallsAreRefusedAndEveryAnswerIsLoggedOnce()
    {
        await using var lab = await Lab.StartAsync(seed: 12, FaultSettings.SmallJournal());
        var result = await lab.RoundAsync(Fault.JournalFull);
        result.Refused.ShouldBeGreaterThan(0, "the journal was never full");
        ShouldBeExact(result);
    }

    private static void ShouldBeExact(RoundResult result)
    {
        result.Answered.ShouldBeGreaterThan(0, result.ToString());
        result.Lost.ShouldBe(0, result.ToString());
        result.Doubled.ShouldBe(0, result.ToString());
        result.Logged.ShouldBeGreaterThanOrEqualTo(result.Answered, result.ToString());
        result.Reconciled.ShouldBeTrue(result.ToString());
    }
}
