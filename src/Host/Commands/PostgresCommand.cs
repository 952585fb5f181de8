using System.CommandLine;
using System.Runtime.InteropServices;
using Tollgate.Foundation;
using Tollgate.Host.Startup;

namespace Tollgate.Host.Commands;

internal static class PostgresCommand
{
    public static Command Create()
    {
        var command = new Command("postgres", "Run the program's own PostgreSQL alone, for psql, pg_dump and pg_restore, until it is interrupted. The program must not run.");
        command.SetAction((_, cancellation) => Explained.RunAsync(1, async () =>
        {
            await using var app = TollgateHost.Build([]);
            var socket = await app.Services.GetRequiredService<IDatabaseStartup>().StartServerAsync(cancellation);
            Console.WriteLine($"PostgreSQL runs. As the user {Environment.UserName}: psql -h {socket} -U postgres tollgate");
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => Stop(signal, stop));
            using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => Stop(signal, stop));
            await Task.Delay(Timeout.Infinite, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return 0;
        }));
        return command;
    }

    private static void Stop(PosixSignalContext signal, CancellationTokenSource stop)
    {
        signal.Cancel = true;
        stop.Cancel();
    }
}
