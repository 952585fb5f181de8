using Tollgate.Foundation;

namespace Tollgate.Plans.Offers;

/// <summary>
/// Orders the opening, closing and changing of a sale against subscriptions to it: a consumer has no right to lock a provider's row, so both take an advisory
/// lock on the product. Whoever closes a sale and then counts the subscribers misses none.
/// </summary>
internal static class SaleLock
{
    public static Task ExclusiveAsync(DbSession session, Guid productId) =>
        session.ExecuteAsync("SELECT pg_advisory_xact_lock(hashtextextended('plans.sale' || @productId::text, 0))", new { productId });

    public static Task SharedAsync(DbSession session, Guid productId) =>
        session.ExecuteAsync("SELECT pg_advisory_xact_lock_shared(hashtextextended('plans.sale' || @productId::text, 0))", new { productId });
}
