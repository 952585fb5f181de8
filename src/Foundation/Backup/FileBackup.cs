using Microsoft.Extensions.Configuration;

namespace Tollgate.Foundation.Backup;

/// <summary>A small file of the data folder. One that is there already is left alone.</summary>
internal sealed class FileBackup(string name, IConfiguration configuration) : IBackupPart
{
    public string Name => Path.GetFileNameWithoutExtension(name);

    public async Task BackupAsync(BackupPlace place, CancellationToken cancellation)
    {
        if (File.Exists(Here))
            await PrivateFiles.WriteAsync(Path.Combine(place.Folder, name), await File.ReadAllBytesAsync(Here, cancellation).ConfigureAwait(false), cancellation).ConfigureAwait(false);
    }

    public Task<string?> ObjectionAsync(BackupPlace place, CancellationToken cancellation) => Task.FromResult<string?>(null);

    public async Task RestoreAsync(BackupPlace place, CancellationToken cancellation)
    {
        var saved = Path.Combine(place.Folder, name);
        if (File.Exists(saved) && !File.Exists(Here))
            await PrivateFiles.WriteAsync(Here, await File.ReadAllBytesAsync(saved, cancellation).ConfigureAwait(false), cancellation).ConfigureAwait(false);
    }

    private string Here => Path.Combine(configuration["Data:Directory"] ?? "data", name);
}
