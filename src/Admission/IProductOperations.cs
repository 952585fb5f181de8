using Tollgate.Foundation;

namespace Tollgate.Admission;

/// <summary>One endpoint of a product, to which a key can be restricted. The id stays when the product's description is edited.</summary>
public sealed record ProductOperation(Guid Id, string Method, string Path, string? OperationId, string? Summary);

/// <summary>Which endpoints a product has. Admission knows products only by kind and id; the module that owns a kind implements this.</summary>
public interface IProductOperations
{
    /// <summary>The kind that this answers for: `api`.</summary>
    string Kind { get; }

    /// <summary>In the order of the description; as worker, because a subscription goes on when its product has left the catalog.</summary>
    Task<IReadOnlyList<ProductOperation>> OfAsync(DbSession session, Guid productId);
}
