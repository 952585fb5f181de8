using System.CommandLine;
using System.Globalization;
using Tollgate.Foundation;
using Tollgate.Host.Startup;
using Tollgate.Metering;

namespace Tollgate.Host.Commands;

internal static class ReconcileCommand
{
    private const int Different = 1;
    private const int Unsettled = 2;

    public static Command Create()
    {
        var from = new Option<string?>("--from") { Description = "Start of the period, RFC 3339 or a date (UTC). Default: 30 days ago." };
        var to = new Option<string?>("--to") { Description = "End of the period. Default: now, the running hour included." };
        var command = new Command("reconcile", "Show that gateway counter, request log and rollups agree, for each subscription. Exits with 1 on a difference, 2 when a node or the database did not answer.") { from, to };
        command.SetAction((parsed, cancellation) => Explained.RunAsync(Unsettled, async () =>
        {
            await using var app = TollgateHost.Build([]);
            var now = app.Services.GetRequiredService<TimeProvider>().GetUtcNow();
            if (!TryParse(parsed.GetValue(from), now.AddDays(-30), out var start) || !TryParse(parsed.GetValue(to), now, out var end) || start >= end)
            {
                await Console.Error.WriteLineAsync("--from and --to are RFC 3339 times or dates, and --from is before --to.");
                return Unsettled;
            }
            await app.Services.GetRequiredService<IDatabaseStartup>().AttachAsync(cancellation);
            var report = await app.Services.GetRequiredService<IReconciliation>().RunAsync(start, end, cancellation);
            Console.Write(report.ToText());
            return !report.Balanced ? Different : report.Settled ? 0 : Unsettled;
        }));
        return command;
    }

    private static bool TryParse(string? text, DateTimeOffset fallback, out DateTimeOffset time)
    {
        time = fallback;
        return text is null || DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out time);
    }
}
