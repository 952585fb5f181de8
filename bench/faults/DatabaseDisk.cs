using System.Diagnostics;
using Tollgate.Host.Tests.Faults;

namespace Faults;

/// <summary>PostgreSQL, and all else of the data folder but the journal, on a disk that fills: calls are answered, and shipped when there is room again.</summary>
internal sealed class DatabaseDisk : Setup
{
    private const string Full = "No space left on device";
    private SmallDisk? _disk;
    private string _journal = "";

    private DatabaseDisk() => Faults = [new("disk of PostgreSQL full", FillAsync)];

    public override IReadOnlyList<Fault> Faults { get; }

    public static IEnumerable<Setup> Find()
    {
        if (SmallDisk.CanMount())
            return [new DatabaseDisk()];
        Console.WriteLine("No small disk can be mounted here: no round with a full disk of PostgreSQL.");
        return [];
    }

    public override Task<Lab> StartAsync(int seed)
    {
        _disk = SmallDisk.Mount("500m")!;
        _journal = Directory.CreateTempSubdirectory("tollgate-journal-").FullName;
        return Lab.StartAsync(seed, new Dictionary<string, string?>(StringComparer.Ordinal) { ["Journal__Directory"] = _journal }, _disk.Folder);
    }

    public override ValueTask EndAsync()
    {
        _disk!.Dispose();
        Directory.Delete(_journal, recursive: true);
        return ValueTask.CompletedTask;
    }

    private async Task FillAsync(Lab lab, Load load)
    {
        var said = lab.Program.Output.Length;
        var makeRoom = _disk!.Fill();
        for (var watch = Stopwatch.StartNew(); !lab.Program.Output[said..].Contains(Full, StringComparison.Ordinal); await Task.Delay(200))
            if (watch.Elapsed > TimeSpan.FromSeconds(60))
                throw new InvalidOperationException("The disk is full, and nobody met it.");
        await lab.PauseAsync(500, 3000);
        if (lab.Random.Next(2) == 0)
        {
            await lab.Program.KillAsync();
            makeRoom();
            await lab.Program.StartAgainAsync();
        }
        makeRoom();
        await load.AnswersAgainAsync();
    }
}
