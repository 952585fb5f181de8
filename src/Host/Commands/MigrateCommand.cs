using System.CommandLine;
using Tollgate.Foundation;
using Tollgate.Host.Startup;

namespace Tollgate.Host.Commands;

internal static class MigrateCommand
{
    public static Command Create()
    {
        var command = new Command("migrate", "Bring the schema of the database up to this program's version.");
        command.SetAction(async (_, cancellation) =>
        {
            await using var app = TollgateHost.Build([]);
            await app.Services.GetRequiredService<IDatabaseStartup>().MigrateAsync(cancellation);
            Console.WriteLine("The schema is up to date.");
            return 0;
        });
        return command;
    }
}
