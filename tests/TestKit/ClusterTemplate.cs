using System.Diagnostics;

namespace Tollgate.TestKit;

/// <summary>The cluster of a program that has never served, with its schema: made once for all programs of a test process by the program's own `migrate`, and copied, which costs a tenth of making it.</summary>
internal static class ClusterTemplate
{
    /// <summary>Of the cluster, in a data folder.</summary>
    public const string Folder = "postgres";

    private static readonly Lazy<Task<string>> Made = new(MakeAsync);

    public static async Task CopyToAsync(string data)
    {
        var template = await Made.Value.ConfigureAwait(false);
        // With owners and rights: the server looks at them.
        using var copy = Process.Start("cp", ["-a", Path.Combine(template, Folder), Path.Combine(data, Folder)]);
        await copy.WaitForExitAsync().ConfigureAwait(false);
        if (copy.ExitCode != 0)
            throw new InvalidOperationException("The cluster could not be copied.");
    }

    private static async Task<string> MakeAsync()
    {
        var program = RunningProgram.Prepared();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(program.Data, recursive: true);
        var (exitCode, output) = await program.CommandAsync("migrate").ConfigureAwait(false);
        if (exitCode != 0)
            throw new InvalidOperationException(output);
        return program.Data;
    }
}
