using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Tollgate.Foundation.Postgres.Embedded;

/// <summary>The folder of the cluster: <c>pgdata</c>, <c>socket</c> and the server's logs, all of the server's user and closed to others.</summary>
internal sealed record ClusterFolder(string Home, string Socket)
{
    // sun_path holds 108 bytes with its end; the name of the socket is added to the folder.
    private const int LongestSocketFolder = 107 - 18;

    public string Data => Path.Combine(Home, "pgdata");

    public string PidFile => Path.Combine(Data, "postmaster.pid");

    public int? Major => MajorOf(Home);

    /// <summary>
    /// The data folder's own <c>postgres</c>; where the server's user cannot enter it (a clone under a private home), one that he can. A cluster that
    /// exists is never passed over for an empty one.
    /// </summary>
    public static async Task<ClusterFolder> ChooseAsync(string dataDirectory, ServerUser user, ILogger logger, CancellationToken cancellation)
    {
        var own = Path.Combine(Path.GetFullPath(dataDirectory), "postgres");
        var others = Elsewhere(own);
        if (MajorOf(own) is null && others.FirstOrDefault(folder => MajorOf(folder) is not null) is { } existing)
        {
            logger.LogWarning("The database is in {Folder}, not below {DataDirectory}, whose parents the user {User} may not enter", existing, dataDirectory, user.Name);
            return await MakeAsync(existing, user, cancellation).ConfigureAwait(false) ?? throw Unusable(existing, user);
        }
        if (await MakeAsync(own, user, cancellation).ConfigureAwait(false) is { } folder)
            return folder;
        if (MajorOf(own) is not null)
            throw Unusable(own, user);
        TryRemove(own);
        foreach (var other in others)
        {
            if (await MakeAsync(other, user, cancellation).ConfigureAwait(false) is not { } found)
                continue;
            logger.LogWarning("The user {User}, who runs PostgreSQL here, cannot enter {Own}: the database goes to {Folder}", user.Name, own, other);
            return found;
        }
        throw Unusable(own, user);
    }

    /// <summary>A folder for the socket whose path is short enough. Made anew at each start when it cannot be below the cluster's.</summary>
    private static string SocketFolder(string home, ServerUser user)
    {
        var socket = Path.Combine(home, "socket");
        if (Encoding.UTF8.GetByteCount(socket) > LongestSocketFolder)
            socket = Directory.CreateTempSubdirectory("tollgate-").FullName;
        else
            MakePrivate(socket);
        Native.GiveTo(socket, user);
        return socket;
    }

    public void RemoveTemporarySocket()
    {
        if (!Socket.StartsWith(Home, StringComparison.Ordinal))
            TryRemove(Socket);
    }

    private static async Task<ClusterFolder?> MakeAsync(string home, ServerUser user, CancellationToken cancellation)
    {
        try
        {
            MakePrivate(home);
            Native.GiveTo(home, user);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return null;
        }
        // Asked by trying it as that user: modes, lists of access and mounts all have a say.
        var (exit, _) = await user.RunAsync(ServerUser.Find("test") ?? "/usr/bin/test", [home, "-ef", home, "-a", "-x", home, "-a", "-w", home], cancellation).ConfigureAwait(false);
        return exit == 0 ? new ClusterFolder(home, SocketFolder(home, user)) : null;
    }

    private static void MakePrivate(string folder) =>
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

    private static string[] Elsewhere(string own)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(own)))[..12];
        return [$"/var/lib/tollgate/{hash}", $"/var/tmp/tollgate-{hash}"];
    }

    private static int? MajorOf(string home)
    {
        var file = Path.Combine(home, "pgdata", "PG_VERSION");
        return File.Exists(file) && int.TryParse(File.ReadAllText(file).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var major) ? major : null;
    }

    private static EmbeddedClusterException Unusable(string folder, ServerUser user) => new(
        $"The user {user.Name}, who runs PostgreSQL here, cannot use {folder}. Let that user pass through its parents (chmod o+x), or choose another Data__Directory.");

    private static void TryRemove(string folder)
    {
        try
        {
            Directory.Delete(folder);
        }
        catch (IOException)
        {
            // Not empty or not there: then it is somebody's.
        }
    }
}
