using Tollgate.Admission.Deciding;
using Tollgate.Foundation;
using Tollgate.Metering;
using Tollgate.Plans;

namespace Tollgate.Admission.Products;

/// <summary>Puts the limits over all consumers in force on this node. Their counters begin anew with the process: their windows are short.</summary>
internal sealed class ProductLimitFeed(NodeState state, IDatabase database, ProductLimitDisk disk) : IStoredChangeHandler
{
    private const string Topic = "product_limit";

    // How exactly the age of what is on disk is known after a restart.
    private static readonly TimeSpan PlaceInterval = TimeSpan.FromSeconds(30);

    private readonly Dictionary<Guid, (Guid Provider, IReadOnlyList<ProductLimit> Limits)> _inForce = [];
    private FeedPlace? _kept;

    public IReadOnlyCollection<string> Topics { get; } = [Topic];

    public Task<FeedPlace?> RestoreAsync(CancellationToken cancellation)
    {
        if (disk.Read() is not { } found)
            return Task.FromResult<FeedPlace?>(null);
        PutInForce(found.Limits, []);
        return Task.FromResult<FeedPlace?>(_kept = found.Place);
    }

    public void Reached(FeedPlace place)
    {
        if (_kept is { } kept && kept.Feed == place.Feed && kept.Version == place.Version && place.FreshAt - kept.FreshAt < PlaceInterval)
            return;
        disk.Write(_inForce.Select(one => (one.Key, one.Value.Provider, one.Value.Limits)), place);
        _kept = place;
    }

    public async Task LoadAsync(CancellationToken cancellation)
    {
        var all = await database.AsWorkerAsync(session => ProductLimitStore.LoadAsync(session, null), cancellation).ConfigureAwait(false);
        PutInForce(all, state.Products.Ids());
    }

    public async Task ApplyAsync(IReadOnlyList<Change> changes, CancellationToken cancellation)
    {
        Guid[] ids = [.. changes.Where(change => change.Topic == Topic).Select(change => change.Id).Distinct()];
        if (ids.Length > 0)
            PutInForce(await database.AsWorkerAsync(session => ProductLimitStore.LoadAsync(session, ids), cancellation).ConfigureAwait(false), ids);
    }

    private void PutInForce(IReadOnlyList<(Guid Product, Guid Provider, IReadOnlyList<ProductLimit> Limits)> found, IEnumerable<Guid> asked)
    {
        foreach (var gone in asked.Except(found.Select(one => one.Product)))
        {
            _inForce.Remove(gone);
            if (state.Products.Find(gone) is { } product)
                product.Put(null);
        }
        foreach (var (product, provider, limits) in found)
        {
            _inForce[product] = (provider, limits);
            state.Products.Ensure(product).Put(limits.Count == 0 ? null : state.PrepareProduct(new Entitlement(
                product, provider, new Product("", product, provider), Guid.Empty, 0, Active: true,
                [.. limits.Select(limit => new Allowance(Meter.Requests.Name, limit.Amount, limit.Window, PastAllowance.Deny, null))],
                DateTimeOffset.UnixEpoch, PriceInterval.Month, "UTC", null)));
        }
    }
}
