using System.Globalization;

namespace Tollgate.Foundation.Postgres.Embedded;

/// <summary>Where PostgreSQL's programs are on this machine.</summary>
internal sealed record ServerBinaries(string Directory, int Major)
{
    private const int Oldest = 15;
    private const int Newest = 18;

    public string Server => Path.Combine(Directory, "postgres");

    public string InitDb => Path.Combine(Directory, "initdb");

    /// <summary>The configured ones; else those that made the existing cluster; else the newest.</summary>
    public static async Task<ServerBinaries> FindAsync(string? configured, int? clusterMajor, ServerUser user, CancellationToken cancellation)
    {
        var found = new List<ServerBinaries>();
        // Each is run to ask for its version: the folder that is called like the cluster's first, and no other when it is right.
        foreach (var directory in Candidates(configured).Distinct().OrderByDescending(directory => directory.Contains($"/{clusterMajor}/", StringComparison.Ordinal)))
            if (File.Exists(Path.Combine(directory, "postgres")) && File.Exists(Path.Combine(directory, "initdb"))
                && await MajorAsync(directory, user, cancellation).ConfigureAwait(false) is { } major)
            {
                found.Add(new ServerBinaries(directory, major));
                if (major == clusterMajor)
                    return found[^1];
            }
        if (found.Count == 0)
            throw new EmbeddedClusterException(configured is null
                ? "No PostgreSQL server was found. Install one (Debian: apt install postgresql), name its folder in Postgres__BinDirectory, or use a server of your own by ConnectionStrings__Tollgate."
                : $"Postgres__BinDirectory={configured} holds no PostgreSQL server programs.");
        if (clusterMajor is not null)
            throw OtherVersion(clusterMajor.Value, found);
        return found.Where(binaries => binaries.Major is >= Oldest and <= Newest).MaxBy(binaries => binaries.Major)
            ?? throw new EmbeddedClusterException($"PostgreSQL {Oldest} to {Newest} is needed; found: {string.Join(", ", found.Select(binaries => binaries.Major))}.");
    }

    private static EmbeddedClusterException OtherVersion(int cluster, List<ServerBinaries> found) => new(
        $"The data folder was made by PostgreSQL {cluster}, and this machine has {string.Join(", ", found.Select(binaries => binaries.Major).Distinct())}. "
        + $"Install PostgreSQL {cluster} beside it (Debian: apt install postgresql-{cluster}) or name its folder in Postgres__BinDirectory. To move to another version: "
        + "pg_dump with the old server, move the folder away, pg_restore with the new one (docs/operations/backup.md). Nothing was changed.");

    private static IEnumerable<string> Candidates(string? configured)
    {
        if (configured is not null)
            return [configured];
        string[] roots = ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"];
        var packaged = roots.Where(System.IO.Directory.Exists).SelectMany(System.IO.Directory.GetDirectories).Select(folder => Path.Combine(folder, "bin"))
            .Concat(Enumerable.Range(Oldest, Newest - Oldest + 1).Reverse().Select(major => $"/usr/pgsql-{major}/bin"));
        var onPath = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        return packaged.Concat(onPath);
    }

    private static async Task<int?> MajorAsync(string directory, ServerUser user, CancellationToken cancellation)
    {
        var (exit, output) = await user.RunAsync(Path.Combine(directory, "postgres"), ["--version"], cancellation).ConfigureAwait(false);
        // "postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)"
        var version = output.Split(' ').FirstOrDefault(word => word.Length > 0 && char.IsAsciiDigit(word[0]));
        var digits = new string([.. (version ?? "").TakeWhile(char.IsAsciiDigit)]);
        return exit == 0 && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var major) ? major : null;
    }
}
