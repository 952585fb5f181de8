using Tollgate.Foundation;
using Tollgate.Plans;

namespace Tollgate.Admission;

/// <summary>So many requests in a window, from all consumers of a product together. Second, minute and hour only.</summary>
public sealed record ProductLimit(Window Window, long Amount);

/// <summary>What is set, by whom and when.</summary>
public sealed record ProductLimits(IReadOnlyList<ProductLimit> Limits, Guid? SetBy, DateTimeOffset? SetAt);

/// <summary>Limits over all consumers of a product, for the module that owns it. In the caller's transaction, under its row-level security.</summary>
public interface IProductLimits
{
    Task<ProductLimits> OfAsync(DbSession session, Guid productId);

    /// <summary>In place of what was set before; an empty list removes every limit.</summary>
    Task SetAsync(DbSession session, Guid productId, Guid providerOrganizationId, Guid accountId, IReadOnlyList<ProductLimit> limits);
}
