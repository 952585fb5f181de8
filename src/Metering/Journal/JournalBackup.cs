using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Npgsql;
using Tollgate.Foundation;

namespace Tollgate.Metering.Journal;

/// <summary>
/// What of the journal the database of the same backup has not got: it is copied after the database, from where that had shipped it before. A journal that
/// survived is never replaced: it is ahead of any backup, and what the restored database lacks is shipped from it again.
/// </summary>
internal sealed class JournalBackup(IDatabase database, IOptions<JournalOptions> options, IConfiguration configuration, TimeProvider clock) : IBackupPart
{
    private const string ShippedTo = """
        SELECT least(p.shipped_offset, (SELECT min(b) FROM unnest(p.open_begins) AS b)) FROM metering.journal_position p WHERE p.journal_id = @id
        """;

    private const string JournalId = "journal_id";
    private const string CompletedAt = "completed_at";

    private long _from;
    private bool _survived;

    public string Name => "journal";

    private string Here => JournalRegistration.FolderOf(options.Value, configuration);

    public async Task PrepareAsync(BackupPlace place, CancellationToken cancellation)
    {
        if (JournalFolder.IdentityOf(Here) is { } journal)
            _from = await ShippedToAsync(journal.Id, cancellation).ConfigureAwait(false) ?? 0;
    }

    public async Task BackupAsync(BackupPlace place, CancellationToken cancellation)
    {
        if (JournalFolder.IdentityOf(Here) is not { } journal)
        {
            place.Say("This node has no journal.");
            return;
        }
        place.Facts[JournalId] = journal.Id.ToString();
        place.Facts[CompletedAt] = clock.GetUtcNow().ToString("O", CultureInfo.InvariantCulture);
        var calls = 0L;
        foreach (var index in JournalFolder.SegmentsOf(Here).Where(index => (index + 1L) * journal.SegmentBytes > _from))
        {
            try
            {
                var path = Path.Combine(Here, JournalFolder.FileName(index));
                var (end, found) = JournalScan.Of(path, index, journal.SegmentBytes, (int)Math.Clamp(_from - (long)index * journal.SegmentBytes, 0, journal.SegmentBytes));
                await JournalFiles.CopyAsync(path, Path.Combine(place.Folder, JournalFolder.FileName(index)), end, end, cancellation).ConfigureAwait(false);
                calls += found;
            }
            catch (FileNotFoundException freed)
            {
                throw new StartupException($"The journal freed its segment {index} while it was being copied. Take the backup again.", freed);
            }
        }
        var identity = Path.Combine(Here, JournalFolder.IdentityFile);
        var length = (int)new FileInfo(identity).Length;
        await JournalFiles.CopyAsync(identity, Path.Combine(place.Folder, JournalFolder.IdentityFile), length, length, cancellation).ConfigureAwait(false);
        place.Say(string.Create(CultureInfo.InvariantCulture, $"The journal is copied from where the database has it: {calls} calls"));
    }

    public Task<string?> ObjectionAsync(BackupPlace place, CancellationToken cancellation) => Task.FromResult(
        Directory.Exists(Here) && JournalFolder.IdentityOf(Here) is null && JournalFolder.SegmentsOf(Here).Count > 0
            ? $"{Here} holds segments of a journal without its {JournalFolder.IdentityFile}. Bring that back, or move the folder away."
            : null);

    public async Task RestoreAsync(BackupPlace place, CancellationToken cancellation)
    {
        _survived = JournalFolder.IdentityOf(Here) is not null;
        if (_survived || JournalFolder.IdentityOf(place.Folder) is not { } journal)
            return;
        var making = Here + ".new";
        if (Directory.Exists(making))
            Directory.Delete(making, recursive: true);
        // Whole and written: a mapping of a file with holes kills the process on a full disk.
        foreach (var index in JournalFolder.SegmentsOf(place.Folder))
            await JournalFiles.CopyAsync(
                Path.Combine(place.Folder, JournalFolder.FileName(index)), Path.Combine(making, JournalFolder.FileName(index)), journal.SegmentBytes, journal.SegmentBytes, cancellation).ConfigureAwait(false);
        var identity = Path.Combine(place.Folder, JournalFolder.IdentityFile);
        var length = (int)new FileInfo(identity).Length;
        await JournalFiles.CopyAsync(identity, Path.Combine(making, JournalFolder.IdentityFile), length, length, cancellation).ConfigureAwait(false);
        if (Directory.Exists(Here))
            Directory.Delete(Here);
        Directory.Move(making, Here);
    }

    public async Task ExplainAsync(BackupPlace place, CancellationToken cancellation)
    {
        if (!_survived)
        {
            if (place.Facts.TryGetValue(CompletedAt, out var at))
                place.Say($"There was no journal in {Here}: the backup's is restored. LOST: every call that was answered after {at}. It is in no log, no quota and no invoice.");
            return;
        }
        var (id, segmentBytes) = JournalFolder.IdentityOf(Here)!.Value;
        var shipped = await ShippedToAsync(id, cancellation).ConfigureAwait(false) ?? 0;
        var indexes = JournalFolder.SegmentsOf(Here);
        var head = indexes.Count == 0 ? 0 : (long)indexes[0] * segmentBytes;
        var calls = indexes.Where(index => (index + 1L) * segmentBytes > shipped).Sum(index => JournalScan.Of(
            Path.Combine(Here, JournalFolder.FileName(index)), index, segmentBytes, (int)Math.Clamp(shipped - (long)index * segmentBytes, 0, segmentBytes)).Calls);
        place.Say(string.Create(CultureInfo.InvariantCulture, $"The journal in {Here} survived: {calls} calls that this database does not have are shipped when the program starts."));
        if (head > shipped)
            place.Say("LOST: the calls between the backup and the journal's oldest segment, which was freed meanwhile (Journal__RetentionHours, Journal__RetentionBytes).");
        if (place.Facts.TryGetValue(JournalId, out var other) && other != id.ToString())
            place.Say($"The backup was taken with another journal ({other}). What that held unshipped is in {place.Folder} and not restored.");
    }

    private async Task<long?> ShippedToAsync(Guid id, CancellationToken cancellation)
    {
        try
        {
            return await database.AsIngestAsync(session => session.QuerySingleOrDefaultAsync<long?>(ShippedTo, new { id }), cancellation).ConfigureAwait(false);
        }
        catch (PostgresException empty) when (empty.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName or PostgresErrorCodes.InsufficientPrivilege)
        {
            // A database that was never migrated.
            return null;
        }
    }
}
