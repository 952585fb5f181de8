using Tollgate.Foundation.Postgres.Embedded;

namespace Tollgate.Foundation.Backup;

/// <summary>Copies a cluster's files to where they are to work, and gives them to the server's user.</summary>
internal sealed class DataFolderRestore(string from, string to, ServerUser user)
{
    public async Task RunAsync(CancellationToken cancellation)
    {
        Make(to);
        foreach (var folder in Directory.EnumerateDirectories(from, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
            Make(Path.Combine(to, Path.GetRelativePath(from, folder)));
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var path = Path.Combine(to, Path.GetRelativePath(from, file));
            var source = File.OpenRead(file);
            await using (source.ConfigureAwait(false))
            {
                var target = PrivateFiles.Create(path);
                await using (target.ConfigureAwait(false))
                    await source.CopyToAsync(target, 1024 * 1024, cancellation).ConfigureAwait(false);
            }
            Native.GiveTo(path, user);
        }
    }

    private void Make(string folder)
    {
        PrivateFiles.MakeFolder(folder);
        Native.GiveTo(folder, user);
    }
}
