namespace Tollgate.Foundation.Postgres.Embedded;

/// <summary>
/// Who may connect: the user of this program, by the identity that the kernel vouches for, as one of the program's roles. No password, no network.
/// Written at each start, because the program may be run by another user than before.
/// </summary>
internal static class AccessFiles
{
    public static void Write(ClusterFolder folder, ServerUser user)
    {
        Write(Path.Combine(folder.Data, "pg_hba.conf"), "local all all peer map=tollgate\n", user);
        var map = ClusterRoles.All.Append(ClusterRoles.Superuser).Select(role => $"tollgate {Quote(Environment.UserName)} {role}\n");
        Write(Path.Combine(folder.Data, "pg_ident.conf"), string.Concat(map), user);
    }

    private static void Write(string path, string text, ServerUser user)
    {
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Native.GiveTo(path, user);
    }

    private static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
