using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Tollgate.Metering.Journal;

namespace Tollgate.Metering.Tests.Journal;

/// <summary>
/// The entry point: runs the tests, or, when the variable is set, is a process that writes a journal from several threads and says on stdout what is
/// safe: `a N` for an event, `b N` for the begin of a stream. It goes on until it is killed.
/// </summary>
internal static class JournalWriterProcess
{
    private const string Variable = "TOLLGATE_TEST_JOURNAL_WRITER";
    private const int Threads = 4;

    public static int Main(string[] args)
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } folder)
            return Write(folder);
        return args.Any(arg => arg is "--server" or "--internal-msbuild-node")
            ? Xunit.MicrosoftTestingPlatform.TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions).GetAwaiter().GetResult()
            : Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args).GetAwaiter().GetResult();
    }

    public static Process Start(string folder)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(JournalWriterProcess).Assembly.Location]) { RedirectStandardOutput = true, UseShellExecute = false };
        start.Environment[Variable] = folder;
        return Process.Start(start)!;
    }

    private static int Write(string folder)
    {
        var options = new JournalOptions { SegmentBytes = 64 * 1024, FsyncIntervalMilliseconds = 50 };
        using var journal = new UsageJournal(folder, options, TimeProvider.System, NullLogger.Instance);
        using var output = Console.OpenStandardOutput();
        // Numbers go on over the kills.
        var from = (int)(journal.Tail / 64);
        var threads = Enumerable.Range(0, Threads).Select(t => new Thread(() => WriteOn(journal, output, from, t))).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        return 0;
    }

    private static void WriteOn(UsageJournal journal, Stream output, int from, int thread)
    {
        for (var number = from * Threads + thread; ; number += Threads)
        {
            var usage = JournalFixture.Event(number, JournalFixture.Number(number % 7));
            if (number / Threads % 5 > 0)
            {
                journal.Append(usage);
                Say(output, $"a {number}\n");
                continue;
            }
            var open = journal.Begin(usage);
            Say(output, $"b {number}\n");
            journal.Checkpoint(open, 1, 2, 3, default);
            if (number / Threads % 2 == 0)
                journal.End(open, usage);
            // Few stay open, as many as a small segment keeps a reserve for.
            else if (number / Threads % 500 != 5)
                journal.End(open, usage with { Outcome = UsageOutcome.ClientAborted });
        }
    }

    private static void Say(Stream output, string line)
    {
        lock (output)
        {
            output.Write(System.Text.Encoding.ASCII.GetBytes(line));
            output.Flush();
        }
    }
}
