using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Tollgate.Foundation.Postgres.Embedded;

namespace Tollgate.TestKit;

/// <summary>One PostgreSQL for all tests of a process, started on first use by the same code that the product uses and gone with the process.</summary>
public static class TestCluster
{
    private const string Prefix = "tollgate-test-";

    private static readonly Lazy<Task<EmbeddedCluster>> Started = new(StartAsync);

    /// <summary>Which version the tests run on: the folder of its server programs, as for the program itself. Null: the machine's newest.</summary>
    public static string? BinDirectory { get; } = Environment.GetEnvironmentVariable("Postgres__BinDirectory");

    internal static ConcurrentDictionary<string, Lazy<Task<string>>> Templates { get; } = new(StringComparer.Ordinal);

    internal static Task<EmbeddedCluster> InstanceAsync() => Started.Value;

    private static async Task<EmbeddedCluster> StartAsync()
    {
        RemoveLeftovers();
        var folder = Path.Combine(Path.GetTempPath(), Prefix + Environment.ProcessId);
        // The server's user must be able to pass.
        Directory.CreateDirectory(folder);
        var cluster = new EmbeddedCluster(new ClusterOptions(folder, BinDirectory, Durable: false), NullLogger.Instance);
        await cluster.StartAsync(attach: false, CancellationToken.None).ConfigureAwait(false);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => End(cluster, folder);
        return cluster;
    }

    private static void End(EmbeddedCluster cluster, string folder)
    {
        cluster.DisposeAsync().AsTask().GetAwaiter().GetResult();
        Remove(folder);
    }

    // A test process that was killed could not clean up.
    private static void RemoveLeftovers()
    {
        foreach (var folder in Directory.GetDirectories(Path.GetTempPath(), Prefix + "*"))
            if (int.TryParse(Path.GetFileName(folder)[Prefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var process) && !Lives(process))
                Remove(folder);
    }

    private static bool Lives(int process)
    {
        try
        {
            using var found = Process.GetProcessById(process);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static void Remove(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception inUse) when (inUse is IOException or UnauthorizedAccessException)
        {
            // The next run tries again.
        }
    }
}
