using System.Diagnostics;

namespace Tollgate.Foundation.Postgres.Embedded;

/// <summary>
/// The user of the operating system that the server runs as. PostgreSQL refuses to run as root, so root hands it to an unprivileged user;
/// anybody else runs it as himself.
/// </summary>
internal sealed record ServerUser(string Name, uint UserId, uint GroupId, bool Switch)
{
    private static readonly string[] Unprivileged = ["postgres", "nobody"];

    public static ServerUser Choose()
    {
        if (Native.EffectiveUserId() != 0)
            return new ServerUser(Environment.UserName, Native.EffectiveUserId(), 0, false);
        if (Find("setpriv") is null)
            throw new EmbeddedClusterException("PostgreSQL does not run as root, and setpriv (package util-linux), which hands it to another user, is missing.");
        var users = File.ReadLines("/etc/passwd").Select(line => line.Split(':')).Where(fields => fields.Length > 3).ToLookup(fields => fields[0]);
        var found = Unprivileged.SelectMany(name => users[name]).FirstOrDefault()
            ?? throw new EmbeddedClusterException("PostgreSQL does not run as root, and this machine has neither a user postgres nor nobody.");
        return new ServerUser(found[0], uint.Parse(found[2]), uint.Parse(found[3]), true);
    }

    /// <summary>Runs a short command as this user and returns its exit code and what it wrote.</summary>
    public async Task<(int ExitCode, string Output)> RunAsync(string program, IEnumerable<string> arguments, CancellationToken cancellation)
    {
        using var process = Process.Start(Command(program, arguments, detached: false))!;
        var error = process.StandardError.ReadToEndAsync(cancellation);
        var output = await process.StandardOutput.ReadToEndAsync(cancellation).ConfigureAwait(false);
        await process.WaitForExitAsync(cancellation).ConfigureAwait(false);
        return (process.ExitCode, (output + await error.ConfigureAwait(false)).Trim());
    }

    /// <summary>
    /// A long-lived command is detached from the terminal (Ctrl-C must reach this program only, which stops the server when it has finished) and gets an
    /// interrupt when the thread that started it ends. Each program of the chain becomes the next: the process id stays.
    /// </summary>
    public ProcessStartInfo Command(string program, IEnumerable<string> arguments, bool detached)
    {
        var chain = new List<string>();
        if (detached && Find("setsid") is { } setsid)
            chain.Add(setsid);
        if ((Switch || detached) && Find("setpriv") is { } setpriv)
        {
            chain.Add(setpriv);
            if (Switch)
                chain.AddRange([$"--reuid={UserId}", $"--regid={GroupId}", "--clear-groups"]);
            if (detached)
                chain.AddRange(["--pdeathsig", "INT"]);
            chain.Add("--");
        }
        chain.Add(program);
        chain.AddRange(arguments);
        var start = new ProcessStartInfo(chain[0]) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true, RedirectStandardInput = true, WorkingDirectory = "/" };
        foreach (var argument in chain.Skip(1))
            start.ArgumentList.Add(argument);
        // Nothing of this program's settings, secrets least of all, is the server's business.
        start.Environment.Clear();
        start.Environment["PATH"] = Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin";
        start.Environment["LC_ALL"] = "C";
        return start;
    }

    public static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/bin").Append("/bin")
        .Where(folder => folder.Length > 0).Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
}

/// <summary>The program's own server cannot be had; the message says why and what to do.</summary>
internal sealed class EmbeddedClusterException(string message, Exception? cause = null) : StartupException(message, cause);
