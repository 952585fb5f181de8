using System.CommandLine;
using Tollgate.Foundation;
using Tollgate.Host.Startup;

namespace Tollgate.Host.Commands;

internal static class BackupCommands
{
    private const int Failed = 1;

    public static Command CreateBackup() => Create(
        "backup", "Copy this node's database, journal and keys into a new folder, while the program runs or not. Exits with 1 when it cannot; nothing is left then.",
        (backups, folder, cancellation) => backups.TakeAsync(folder, Console.WriteLine, cancellation));

    public static Command CreateRestore() => Create(
        "restore", "Put a backup into a data folder without a database, beside a journal that survived. Overwrites nothing. Says what is lost. Exits with 1 when it cannot.",
        (backups, folder, cancellation) => backups.RestoreAsync(folder, Console.WriteLine, cancellation));

    private static Command Create(string name, string description, Func<IBackups, string, CancellationToken, Task> work)
    {
        var folder = new Argument<string>("folder") { Description = "The backup's folder." };
        var command = new Command(name, description) { folder };
        command.SetAction((parsed, cancellation) => Explained.RunAsync(Failed, async () =>
        {
            await using var app = TollgateHost.Build([]);
            await work(app.Services.GetRequiredService<IBackups>(), parsed.GetValue(folder)!, cancellation);
            return 0;
        }));
        return command;
    }
}
