using Tollgate.Foundation;
using Tollgate.Plans;

namespace Tollgate.Admission.Subscriptions;

/// <summary>Asks the modules that own products how these are called. A kind that nobody answers for has no name.</summary>
internal sealed class ProductNames(IEnumerable<IProductNames> owners)
{
    public async Task<IReadOnlyDictionary<Guid, ProductName>> OfAsync(DbSession session, IReadOnlyList<Subscription> subscriptions)
    {
        var names = new Dictionary<Guid, ProductName>();
        foreach (var owner in owners)
        {
            var ids = subscriptions.Select(subscription => subscription.Plan.Product).Where(product => product.Kind == owner.Kind).Select(product => product.Id).ToHashSet();
            if (ids.Count == 0)
                continue;
            foreach (var (id, name) in await owner.NamesAsync(session, ids).ConfigureAwait(false))
                names[id] = name;
        }
        return names;
    }
}
