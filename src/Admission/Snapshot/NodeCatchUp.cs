using Microsoft.Extensions.Logging;
using Tollgate.Foundation;

namespace Tollgate.Admission.Snapshot;

/// <summary>
/// After a commit: waits until this node has applied it, so that a key works as soon as its owner has it. Bounded, and never a failure: the change is
/// committed, and the feed brings it to every node within a second in any case.
/// </summary>
internal sealed class NodeCatchUp(IChangeFeed feed, ILogger<NodeCatchUp> logger)
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    public async Task AfterCommitAsync(CancellationToken cancellation)
    {
        try
        {
            await feed.CatchUpAsync(cancellation).WaitAsync(Longest, cancellation).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            logger.LogInformation("This node has not yet applied a committed change: {Reason}", exception.Message);
        }
    }
}
