using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;
using Tollgate.Foundation.Secrets;

namespace Tollgate.Foundation.Backup;

/// <summary>The key that opens what the database holds sealed. Without it a backup has no upstream headers and no signing keys.</summary>
internal sealed class SecretKeyBackup(IConfiguration configuration) : IBackupPart
{
    private const string FileName = "master.key";
    private const string KeyId = "key_id";

    public string Name => "secrets";

    public async Task BackupAsync(BackupPlace place, CancellationToken cancellation)
    {
        if (Configured is { } key)
        {
            place.Facts[KeyId] = IdOf(key);
            place.Say("The key of the secrets is in Secrets__Key and not in this backup. Without it the backup's secrets cannot be opened: keep it elsewhere.");
            return;
        }
        var path = KeyFile.PathOf(configuration);
        if (!File.Exists(path))
            throw new StartupException($"{path}, the key of the secrets, is not there: a backup without it is worth little. Start the program once, or set Secrets__Key or Secrets__KeyFile as it has them.");
        var content = await File.ReadAllBytesAsync(path, cancellation).ConfigureAwait(false);
        place.Facts[KeyId] = IdOf(KeyFile.Read(path)[0]);
        await PrivateFiles.WriteAsync(Path.Combine(place.Folder, FileName), content, cancellation).ConfigureAwait(false);
        place.Say($"The key of the secrets is copied from {path}");
    }

    public Task<string?> ObjectionAsync(BackupPlace place, CancellationToken cancellation)
    {
        var wanted = place.Facts.TryGetValue(KeyId, out var id) ? id : null;
        var path = KeyFile.PathOf(configuration);
        var here = Configured is { } key ? IdOf(key) : File.Exists(path) ? IdOf(KeyFile.Read(path)[0]) : null;
        var objection = here is not null && here != wanted
            ? $"The secrets of the backup are sealed with the key {wanted}; {(Configured is null ? path : "Secrets__Key")} is another one ({here}). Move it away, or set the right one."
            : here is null && !File.Exists(Path.Combine(place.Folder, FileName))
            ? $"The secrets of the backup are sealed with the key {wanted}, which is not in it: set it as Secrets__Key."
            : null;
        return Task.FromResult(objection);
    }

    public async Task RestoreAsync(BackupPlace place, CancellationToken cancellation)
    {
        var path = KeyFile.PathOf(configuration);
        if (Configured is not null || File.Exists(path))
            return;
        var content = await File.ReadAllBytesAsync(Path.Combine(place.Folder, FileName), cancellation).ConfigureAwait(false);
        await PrivateFiles.WriteAsync(path, content, cancellation).ConfigureAwait(false);
        place.Say($"The key of the secrets is restored to {path}");
    }

    private byte[]? Configured => configuration["Secrets:Key"] is { Length: > 0 } text ? KeyFile.Parse(text) : null;

    private static string IdOf(byte[] key) => Convert.ToHexStringLower(SHA256.HashData(key)[..4]);
}
