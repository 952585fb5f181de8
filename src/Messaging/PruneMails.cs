using Tollgate.Foundation;

namespace Tollgate.Messaging;

/// <summary>Forgets, after 30 days, that mails were sent or failed; what was in them was erased long before.</summary>
public sealed class PruneMails(IDatabase database, TimeProvider clock) : IRecurringJob
{
    private static readonly TimeSpan Age = TimeSpan.FromDays(30);

    public Task RunAsync(CancellationToken cancellation) => database.AsWorkerAsync(session => session.ExecuteAsync(
        "DELETE FROM messaging.mail WHERE created_at < @before AND (sent_at IS NOT NULL OR failed_at IS NOT NULL)", new { before = clock.GetUtcNow() - Age }), cancellation);
}
