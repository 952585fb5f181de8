using Microsoft.Extensions.Logging;
using Tollgate.Admission.Deciding;
using Tollgate.Foundation;
using Tollgate.Plans;

namespace Tollgate.Admission.Snapshot;

/// <summary>A base of the snapshot on its way to disk. One that cannot be written is given up: what the node serves does not depend on it.</summary>
internal sealed partial class SnapshotBase : IDisposable
{
    private readonly ILogger _logger;
    private readonly SnapshotRecords _records = new();
    private SnapshotRewrite? _rewrite;
    private bool _committed;

    public SnapshotBase(SnapshotFile file, ILogger logger)
    {
        _logger = logger;
        Try(() => _rewrite = file.Rewrite());
    }

    public void Add(IReadOnlyList<Entitlement> entitlements) => Try(() =>
    {
        foreach (var entitlement in entitlements)
        {
            if (_rewrite is null)
                return;
            _records.Write(_rewrite.Records, entitlement);
            _rewrite.Next();
        }
    });

    /// <summary>With all keys that the node has. Without a place it is of no use until one is kept. False when it is not there.</summary>
    public bool Commit(NodeState state, FeedPlace? place)
    {
        Try(() => CommitKeys(state, place));
        return _committed;
    }

    public void Dispose()
    {
        _rewrite?.Dispose();
        _rewrite = null;
    }

    private void CommitKeys(NodeState state, FeedPlace? place)
    {
        if (_rewrite is null)
            return;
        for (var number = 0; number < state.Keys.Count; number++)
        {
            SnapshotRecords.WriteKey(_rewrite.Records, state, number);
            _rewrite.Next();
        }
        if (place is not null)
            SnapshotRecords.Write(_rewrite.Records, place);
        _rewrite.Commit();
        _committed = true;
    }

    private void Try(Action write)
    {
        try
        {
            write();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogNotWritten(_logger, exception);
            Dispose();
        }
    }

    [LoggerMessage(401, LogLevel.Error, "The snapshot of keys and terms could not be written anew; until it is, a start may need PostgreSQL")]
    private static partial void LogNotWritten(ILogger logger, Exception exception);
}
