using System.CommandLine;
using Tollgate.Foundation;
using Tollgate.Host.Startup;

namespace Tollgate.Host.Commands;

internal static class MigrateCommand
{
    public static Command Create()
    {
        var command = new Command("migrate", "Bring the schema of the database up to this program's version.");
        command.SetAction((_, cancellation) => Explained.RunAsync(1, async () =>
        {
            await using var app = TollgateHost.Build([]);
            var applied = await app.Services.GetRequiredService<IDatabaseStartup>().MigrateAsync(cancellation);
            foreach (var file in applied)
                Console.WriteLine($"applied {file}");
            Console.WriteLine(applied.Count == 0 ? "The schema was up to date; nothing was applied." : $"The schema is up to date; {applied.Count} files were applied.");
            return 0;
        }));
        return command;
    }
}
