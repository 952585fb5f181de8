using System.Globalization;
using Tollgate.Foundation.Postgres.Embedded;

namespace Tollgate.Foundation.Backup;

internal sealed class Backups(IEnumerable<IBackupPart> parts, TimeProvider clock) : IBackups
{
    private readonly List<IBackupPart> _parts = [.. parts];

    public async Task TakeAsync(string target, Action<string> say, CancellationToken cancellation)
    {
        target = Path.GetFullPath(target);
        if (File.Exists(target) || (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any()))
            throw new StartupException($"{target} exists already. A backup overwrites nothing: name a new folder.");
        var draft = $"{target}.partial-{Environment.ProcessId}";
        PrivateFiles.MakeFolder(draft);
        try
        {
            await FillAsync(draft, say, cancellation).ConfigureAwait(false);
            if (Directory.Exists(target))
                Directory.Delete(target);
            Directory.Move(draft, target);
        }
        catch
        {
            Directory.Delete(draft, recursive: true);
            throw;
        }
        say($"The backup is complete: {target}. It holds the keys that open its secrets; keep it as you keep those.");
    }

    public async Task RestoreAsync(string source, Action<string> say, CancellationToken cancellation)
    {
        source = Path.GetFullPath(source);
        var manifest = await Manifest.ReadAsync(source, cancellation).ConfigureAwait(false);
        say(string.Create(CultureInfo.InvariantCulture, $"Looking at the backup of {manifest.StartedAt:u}: {manifest.Files.Count} files, {Megabytes(manifest)} MB"));
        await manifest.VerifyAsync(source, cancellation).ConfigureAwait(false);
        var places = _parts.Select(part => (Part: part, Place: PlaceOf(manifest, source, part.Name, say))).ToList();
        List<string> objections = [];
        foreach (var (part, place) in places)
            if (await part.ObjectionAsync(place, cancellation).ConfigureAwait(false) is { } objection)
                objections.Add(objection);
        if (objections.Count > 0)
            throw new StartupException(string.Join(Environment.NewLine, objections.Append("Nothing was restored.")));
        foreach (var (part, place) in Enumerable.Reverse(places))
            await part.RestoreAsync(place, cancellation).ConfigureAwait(false);
        foreach (var (part, place) in places)
            await part.ExplainAsync(place, cancellation).ConfigureAwait(false);
        say("The backup is restored. Start the program.");
    }

    private async Task FillAsync(string draft, Action<string> say, CancellationToken cancellation)
    {
        var startedAt = clock.GetUtcNow();
        var facts = _parts.ToDictionary(part => part.Name, _ => new Dictionary<string, string>(StringComparer.Ordinal), StringComparer.Ordinal);
        var places = _parts.Select(part => (Part: part, Place: new BackupPlace(Path.Combine(draft, part.Name), facts[part.Name], say))).ToList();
        foreach (var (part, place) in places)
            await part.PrepareAsync(place, cancellation).ConfigureAwait(false);
        foreach (var (part, place) in places)
            await part.BackupAsync(place, cancellation).ConfigureAwait(false);
        say("Noting the digest of each file");
        // The manifest must not reach the disk before what it vouches for.
        Native.Sync();
        await Manifest.WriteAsync(draft, startedAt, clock.GetUtcNow(), facts, cancellation).ConfigureAwait(false);
    }

    private static BackupPlace PlaceOf(Manifest manifest, string source, string part, Action<string> say) =>
        new(Path.Combine(source, part), manifest.Parts.TryGetValue(part, out var facts) ? facts : [], say);

    private static long Megabytes(Manifest manifest) => manifest.Files.Sum(file => file.Size) / 1_000_000;
}
