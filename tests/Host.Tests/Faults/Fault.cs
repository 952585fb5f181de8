using System.Diagnostics;

namespace Tollgate.Host.Tests.Faults;

/// <summary>Something that goes wrong while calls are answered. When it is over, the program runs.</summary>
internal sealed record Fault(string Name, Func<Lab, Load, Task> DoAsync)
{
    public static readonly Fault KillProgram = new("program killed", async (lab, _) =>
    {
        await lab.Program.KillAsync();
        await lab.PauseAsync(0, 300);
        await lab.Program.StartAgainAsync();
    });

    public static readonly Fault StopProgram = new("program stopped by SIGTERM", async (lab, _) =>
    {
        await lab.Program.StopAsync();
        await lab.Program.StartAgainAsync();
    });

    public static readonly Fault KillPostgres = new("PostgreSQL killed, three times", async (lab, _) =>
    {
        for (var i = 0; i < 3; i++)
        {
            await KilledAsync(lab);
            await lab.PauseAsync(200, 700);
        }
    });

    public static readonly Fault KillBoth = new("PostgreSQL and program killed", async (lab, _) =>
    {
        await KilledAsync(lab);
        await lab.PauseAsync(0, 100);
        await lab.Program.KillAsync();
        await lab.Program.StartAgainAsync();
    });

    public static readonly Fault KillProgramWhilePostgresHangs = new("program killed while PostgreSQL hangs", async (lab, _) =>
    {
        var goOn = Processes.FreezePostgres(lab.Program);
        await lab.PauseAsync(500, 2000);
        await lab.Program.KillAsync();
        goOn();
        await lab.Program.StartAgainAsync();
    });

    /// <summary>Nothing answers for so long: each server that the program starts is killed again.</summary>
    public static Fault PostgresGone(int seconds) => new($"PostgreSQL gone for {seconds} s", async (lab, _) =>
    {
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < TimeSpan.FromSeconds(seconds); await Task.Delay(20))
            Processes.KillPostgres(lab.Program);
    });

    public static Fault PostgresHangs(int seconds) => new($"PostgreSQL hangs for {seconds} s", async (lab, _) =>
    {
        var goOn = Processes.FreezePostgres(lab.Program);
        await Task.Delay(TimeSpan.FromSeconds(seconds));
        goOn();
    });

    /// <summary>The journal has no room and nothing can be shipped: calls are refused, until PostgreSQL is back. Needs a lab whose journal is small.</summary>
    public static readonly Fault JournalFull = new("disk of the journal full", async (lab, load) =>
    {
        var refused = load.Refused;
        var goOn = Processes.FreezePostgres(lab.Program);
        for (var watch = Stopwatch.StartNew(); load.Refused < refused + 20 && watch.Elapsed < TimeSpan.FromSeconds(60);)
            await Task.Delay(50);
        await lab.PauseAsync(100, 500);
        if (lab.Random.Next(2) == 0)
        {
            await lab.Program.KillAsync();
            goOn();
            await lab.Program.StartAgainAsync();
        }
        goOn();
        await load.AnswersAgainAsync();
    });

    private static async Task KilledAsync(Lab lab)
    {
        while (!Processes.KillPostgres(lab.Program))
            await Task.Delay(20);
    }
}
