using System.Globalization;
using Tollgate.Foundation;
using Tollgate.Plans;

namespace Tollgate.Admission.Snapshot;

/// <summary>An entitlement as bytes of the snapshot, and back. Subscriptions of one plan share what they have in common.</summary>
internal sealed class EntitlementCodec
{
    private readonly Dictionary<(Guid Plan, int Version), (byte[] Bytes, IReadOnlyList<Allowance> Allowances)> _plans = [];
    private readonly Dictionary<Guid, Product> _products = [];
    private readonly HashSet<string> _texts = new(StringComparer.Ordinal);
    private readonly SnapshotBuffer _written = new();

    public void Write(SnapshotBuffer buffer, Entitlement entitlement)
    {
        buffer.Id(entitlement.SubscriptionId);
        buffer.Id(entitlement.OrganizationId);
        buffer.Id(entitlement.Product.Id);
        buffer.Id(entitlement.Product.ProviderOrganizationId);
        buffer.Text(entitlement.Product.Kind);
        buffer.Id(entitlement.PlanId);
        buffer.Int32(entitlement.PlanVersion);
        buffer.Flag(entitlement.Active);
        buffer.Int64(entitlement.Anchor.UtcTicks);
        buffer.Byte((byte)entitlement.Interval);
        buffer.Text(entitlement.TimeZone);
        buffer.Int64(entitlement.ValidUntil?.UtcTicks ?? 0);
        buffer.Int32(entitlement.Concurrency ?? -1);
        buffer.Int64(entitlement.SpendCap ?? -1);
        _written.Clear();
        foreach (var allowance in entitlement.Allowances)
        {
            _written.Text(allowance.Meter);
            _written.Int64(allowance.Amount);
            _written.Byte((byte)allowance.Window);
            _written.Byte((byte)allowance.Past);
            _written.Text(allowance.UnitPrice?.ToString(CultureInfo.InvariantCulture));
            _written.Byte(allowance.MeterCode);
        }
        buffer.Bytes(_written.Written);
    }

    public Entitlement Read(ref SnapshotReader reader)
    {
        var (subscription, organization, product) = (reader.Id(), reader.Id(), ReadProduct(ref reader));
        var (plan, version, active) = (reader.Id(), reader.Int32(), reader.Flag());
        var (anchor, interval, zone) = (Time(reader.Int64()), (PriceInterval)reader.Byte(), Shared(reader.Text()!));
        var (validUntil, concurrency, spendCap) = (reader.Int64(), reader.Int32(), reader.Int64());
        return new Entitlement(subscription, organization, product, plan, version, active, AllowancesOf(plan, version, reader.Bytes()), anchor, interval, zone,
            validUntil == 0 ? null : Time(validUntil))
        {
            Concurrency = concurrency < 0 ? null : concurrency,
            SpendCap = spendCap < 0 ? null : spendCap,
        };
    }

    private Product ReadProduct(ref SnapshotReader reader)
    {
        var (id, provider, kind) = (reader.Id(), reader.Id(), Shared(reader.Text()!));
        if (_products.TryGetValue(id, out var known) && known.ProviderOrganizationId == provider && known.Kind == kind)
            return known;
        return _products[id] = new Product(kind, id, provider);
    }

    // A subscription may have allowances of its own: shared is what is equal, not what should be.
    private IReadOnlyList<Allowance> AllowancesOf(Guid plan, int version, ReadOnlySpan<byte> bytes)
    {
        if (_plans.TryGetValue((plan, version), out var known) && bytes.SequenceEqual(known.Bytes))
            return known.Allowances;
        var allowances = new List<Allowance>();
        var reader = new SnapshotReader(bytes);
        while (!reader.AtEnd)
        {
            allowances.Add(new Allowance(Shared(reader.Text()!), reader.Int64(), (Window)reader.Byte(), (PastAllowance)reader.Byte(),
                reader.Text() is { } price ? decimal.Parse(price, CultureInfo.InvariantCulture) : null)
            {
                MeterCode = reader.Byte(),
            });
        }
        _plans[(plan, version)] = (bytes.ToArray(), allowances);
        return allowances;
    }

    private string Shared(string text)
    {
        if (_texts.TryGetValue(text, out var known))
            return known;
        _texts.Add(text);
        return text;
    }

    private static DateTimeOffset Time(long ticks) => new(ticks, TimeSpan.Zero);
}
