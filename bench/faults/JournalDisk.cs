using Tollgate.Host.Tests.Faults;

namespace Faults;

/// <summary>The journal on a disk of 1.2 MB, or limited by its setting where no such disk can be mounted.</summary>
internal sealed class JournalDisk : Setup
{
    private SmallDisk? _disk;

    public override int Share => 7;

    public override IReadOnlyList<Fault> Faults { get; } = [Fault.JournalFull];

    public override Task<Lab> StartAsync(int seed)
    {
        _disk = SmallDisk.Mount("1200k");
        return Lab.StartAsync(seed, FaultSettings.SmallJournal(_disk?.Folder));
    }

    public override ValueTask EndAsync()
    {
        _disk?.Dispose();
        return ValueTask.CompletedTask;
    }
}
