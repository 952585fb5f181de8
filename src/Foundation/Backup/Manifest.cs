using System.Security.Cryptography;
using System.Text.Json;

namespace Tollgate.Foundation.Backup;

/// <summary>`backup.json`, written last: what a backup holds, so that a cut-off copy or a changed byte is seen before anything is restored.</summary>
internal sealed record Manifest(
    int Format, DateTimeOffset StartedAt, DateTimeOffset CompletedAt, IDictionary<string, Dictionary<string, string>> Parts, IReadOnlyList<string> Folders, IReadOnlyList<ManifestFile> Files)
{
    public const int CurrentFormat = 1;

    private const string FileName = "backup.json";

    private static readonly JsonSerializerOptions Layout = new(Json.Options) { WriteIndented = true };

    public static async Task WriteAsync(
        string root, DateTimeOffset startedAt, DateTimeOffset completedAt, IDictionary<string, Dictionary<string, string>> parts, CancellationToken cancellation)
    {
        var files = new List<ManifestFile>();
        foreach (var file in Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
            files.Add(await ManifestFile.OfAsync(root, Path.GetRelativePath(root, file), cancellation).ConfigureAwait(false));
        var folders = Directory.EnumerateDirectories(root, "*", SearchOption.AllDirectories).Select(folder => Path.GetRelativePath(root, folder)).Order(StringComparer.Ordinal).ToList();
        var json = JsonSerializer.SerializeToUtf8Bytes(new Manifest(CurrentFormat, startedAt, completedAt, parts, folders, files), Layout);
        await PrivateFiles.WriteAsync(Path.Combine(root, FileName), json, cancellation).ConfigureAwait(false);
    }

    public static async Task<Manifest> ReadAsync(string root, CancellationToken cancellation)
    {
        var path = Path.Combine(root, FileName);
        if (!File.Exists(path))
            throw new StartupException($"{root} is no complete backup: {FileName}, which is written last, is not there.");
        try
        {
            var manifest = JsonSerializer.Deserialize<Manifest>(await File.ReadAllBytesAsync(path, cancellation).ConfigureAwait(false), Layout)!;
            if (manifest.Format != CurrentFormat)
                throw new StartupException($"{path} has format {manifest.Format}; this program knows format {CurrentFormat}. Restore with the program that took the backup.");
            return manifest;
        }
        catch (JsonException damaged)
        {
            throw new StartupException($"{path} is damaged: {damaged.Message}", damaged);
        }
    }

    /// <summary>Every file against its digest; empty folders, which many tools of copying drop, are made again.</summary>
    public async Task VerifyAsync(string root, CancellationToken cancellation)
    {
        List<string> bad = [];
        foreach (var file in Files)
            if (!File.Exists(Path.Combine(root, file.Path)) || await ManifestFile.OfAsync(root, file.Path, cancellation).ConfigureAwait(false) != file)
                bad.Add(file.Path);
        if (bad.Count > 0)
            throw new StartupException($"The backup in {root} is damaged: {bad.Count} of {Files.Count} files are missing or not as they were written ({string.Join(", ", bad.Take(5))}). Nothing was restored.");
        foreach (var folder in Folders)
            Directory.CreateDirectory(Path.Combine(root, folder));
    }
}

internal sealed record ManifestFile(string Path, long Size, string Sha256)
{
    public static async Task<ManifestFile> OfAsync(string root, string path, CancellationToken cancellation)
    {
        var file = File.OpenRead(System.IO.Path.Combine(root, path));
        await using (file.ConfigureAwait(false))
            return new ManifestFile(path, file.Length, Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellation).ConfigureAwait(false)));
    }
}
