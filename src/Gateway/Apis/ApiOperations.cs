using Tollgate.Admission;
using Tollgate.Foundation;

namespace Tollgate.Gateway.Apis;

/// <summary>The endpoints of an API, for keys that are for some of them.</summary>
internal sealed class ApiOperations : IProductOperations
{
    public string Kind => ApiPlans.ProductKind;

    public Task<IReadOnlyList<ProductOperation>> OfAsync(DbSession session, Guid productId) => session.QueryAsync<ProductOperation>(
        "SELECT id, method, path, operation_id, summary FROM gateway.endpoint WHERE api_id = @productId ORDER BY position", new { productId });
}
