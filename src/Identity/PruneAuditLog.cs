using System.Globalization;
using Microsoft.Extensions.Configuration;
using Tollgate.Foundation;

namespace Tollgate.Identity;

/// <summary>
/// Recurring, daily: removes entries of the audit log that are older than Identity__AuditRetentionMonths (24; the database refuses to remove what is
/// younger than a year), a few thousand a transaction, and writes that it did.
/// </summary>
public sealed class PruneAuditLog(IDatabase database, IAuditLog log, IConfiguration configuration, TimeProvider clock) : IRecurringJob
{
    private const int Batch = 5000;
    private const int DefaultMonths = 24;

    public async Task RunAsync(CancellationToken cancellation)
    {
        var months = int.TryParse(configuration["Identity:AuditRetentionMonths"], NumberStyles.None, CultureInfo.InvariantCulture, out var set) && set > 0 ? set : DefaultMonths;
        var past = clock.GetUtcNow().AddMonths(-months);
        while (await PruneAsync(past, cancellation).ConfigureAwait(false) == Batch)
            cancellation.ThrowIfCancellationRequested();
    }

    private Task<int> PruneAsync(DateTimeOffset past, CancellationToken cancellation) => database.AsWorkerAsync(async session =>
    {
        var removed = await session.QuerySingleAsync<int>("SELECT identity.prune_audit_log(@past, @most)", new { past, most = Batch }).ConfigureAwait(false);
        if (removed > 0)
            await log.WriteAsync(session, AuditActor.System("prune-audit-log"), new AuditChange("audit_log.pruned", "audit_log", After: new { removed, past })).ConfigureAwait(false);
        return removed;
    }, cancellation);
}
