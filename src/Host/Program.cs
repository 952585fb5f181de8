using System.CommandLine;
using Tollgate.Host.Commands;
using Tollgate.Host.Startup;

NativeHeap.Share();
var root = new RootCommand("Tollgate: publish an API, sell it, meter it, bill it.") { TreatUnmatchedTokensAsErrors = false };
root.SetAction((result, cancellation) => TollgateHost.RunAsync([.. result.UnmatchedTokens], cancellation));

var run = new Command("run", "Start the program (the default).") { TreatUnmatchedTokensAsErrors = false };
run.SetAction((result, cancellation) => TollgateHost.RunAsync([.. result.UnmatchedTokens], cancellation));
root.Subcommands.Add(run);
root.Subcommands.Add(MigrateCommand.Create());
root.Subcommands.Add(SeedCommand.Create());
root.Subcommands.Add(RotateKeysCommand.Create());
root.Subcommands.Add(ReconcileCommand.Create());
root.Subcommands.Add(BackupCommands.CreateBackup());
root.Subcommands.Add(BackupCommands.CreateRestore());
root.Subcommands.Add(PostgresCommand.Create());
root.Subcommands.Add(OpenApiCommand.Create());
// The host has its own way to end on a signal: it drains first.
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
