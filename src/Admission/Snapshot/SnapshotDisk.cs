using Microsoft.Extensions.Logging;
using Tollgate.Admission.Deciding;
using Tollgate.Admission.Nodes;
using Tollgate.Foundation;
using Tollgate.Plans;

namespace Tollgate.Admission.Snapshot;

/// <summary>
/// Keys and terms on disk. Terms are written before they are in force, so that a subscription of which the journal knows calls is known after a restart too.
/// Nothing here fails: a snapshot that cannot be written is removed, and the next start asks PostgreSQL. Changes come from the feed, one at a time.
/// </summary>
internal sealed class SnapshotDisk(NodeOptions options, ILogger<SnapshotDisk> logger) : IDisposable
{
    private readonly SnapshotFile _file = new(Path.Combine(options.Folder, "snapshot"), SnapshotRecords.Content, SnapshotRecords.Version, logger);
    private readonly SnapshotBuffer _block = new();
    private readonly SnapshotRecords _records = new();

    public bool NeedsRewrite => _file.NeedsRewrite;

    /// <summary>Takes all of it in; null when there is nothing that can be used, and what was taken in by then counts for nothing.</summary>
    public FeedPlace? Read(NodeState state)
    {
        var records = new SnapshotRecords();
        return _file.TryRead(block => records.Read(block, state)) ? records.Place : null;
    }

    /// <param name="entitlements">About to be in force.</param>
    /// <param name="inNewBase">All of them go into the base that is being written.</param>
    public void Keep(IEnumerable<Entitlement> entitlements, bool inNewBase)
    {
        foreach (var entitlement in entitlements)
            _records.Write(_block, entitlement);
        Append(inNewBase);
    }

    public void Ended(IEnumerable<Guid> subscriptions)
    {
        foreach (var id in subscriptions)
            SnapshotRecords.WriteGone(_block, id);
        Append();
    }

    public void Keep(NodeState state, int key)
    {
        SnapshotRecords.WriteKey(_block, state, key);
        Append();
    }

    public void Keep(FeedPlace place)
    {
        SnapshotRecords.Write(_block, place);
        Append();
    }

    /// <summary>A new base, in which all that changes from now on is too.</summary>
    public SnapshotBase NewBase() => new(_file, logger);

    public void Remove() => _file.Remove();

    public void Flush() => _file.Flush();

    public void Dispose() => _file.Dispose();

    private void Append(bool inNewBase = false)
    {
        _file.Append(_block, inNewBase);
        _block.Clear();
    }
}
