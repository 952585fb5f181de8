using Microsoft.Extensions.Configuration;
using Tollgate.Foundation.Secrets;

namespace Tollgate.Foundation.Backup;

/// <summary>
/// The keys that open what the database holds sealed: the newest, and older ones for what was sealed before. Without them a backup has no upstream headers and no signing keys.
/// </summary>
internal sealed class SecretKeyBackup(IConfiguration configuration) : IBackupPart
{
    private const string FileName = "master.key";
    private const string KeyId = "key_id";

    public string Name => "secrets";

    public async Task BackupAsync(BackupPlace place, CancellationToken cancellation)
    {
        if (Configured is [var key, ..])
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
        var here = (Configured ?? (File.Exists(path) ? KeyFile.Read(path) : null))?.Select(IdOf).ToList();
        // Among those that are here: they may have been rotated since.
        var objection = here is not null && !here.Contains(wanted, StringComparer.Ordinal)
            ? $"The secrets of the backup are sealed with the key {wanted}; {(Configured is null ? path : "Secrets__Key")} is another one ({string.Join(", ", here)}). Move it away, or set the right one."
            : here is null && !File.Exists(Path.Combine(place.Folder, FileName))
            ? $"The secrets of the backup are sealed with the key {wanted}, which is not in it: set it as Secrets__Key."
            : MissingSetting(Path.Combine(place.Folder, FileName));
        return Task.FromResult(objection);
    }

    // A file takes the older keys of the backup by itself; settings are the operator's.
    private string? MissingSetting(string saved)
    {
        if (Configured is not { } here || !File.Exists(saved))
            return null;
        var missing = KeyFile.Read(saved).Select(IdOf).Except(here.Select(IdOf), StringComparer.Ordinal).ToList();
        return missing.Count == 0 ? null
            : $"Some of the backup's secrets may be sealed with older keys of {saved} that are not set here ({string.Join(", ", missing)}). Add its lines to Secrets__OldKeys, with commas between them.";
    }

    public async Task RestoreAsync(BackupPlace place, CancellationToken cancellation)
    {
        var path = KeyFile.PathOf(configuration);
        var saved = Path.Combine(place.Folder, FileName);
        if (Configured is not null)
            return;
        if (!File.Exists(path))
        {
            await PrivateFiles.WriteAsync(path, await File.ReadAllBytesAsync(saved, cancellation).ConfigureAwait(false), cancellation).ConfigureAwait(false);
            place.Say($"The key of the secrets is restored to {path}");
        }
        // What was forgotten here since may be what some of the backup's secrets are sealed with.
        else if (File.Exists(saved) && KeyFile.AddOlder(path, KeyFile.Read(saved)) is > 0 and var added)
            place.Say($"{added} older keys of the backup's secrets are restored to {path}");
    }

    private IReadOnlyList<byte[]>? Configured => KeyFile.Configured(configuration);

    private static string IdOf(byte[] key) => Convert.ToHexStringLower(KeyFile.IdOf(key));
}
