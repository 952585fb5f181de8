using Microsoft.Extensions.Logging;
using Tollgate.Admission.Nodes;
using Tollgate.Foundation;
using Tollgate.Plans;

namespace Tollgate.Admission.Products;

/// <summary>Limits over all consumers, on this node's disk, so that a start without the database does not forget them. Few, so they are always written whole.</summary>
internal sealed class ProductLimitDisk(NodeOptions options, ILogger<ProductLimitDisk> logger) : IDisposable
{
    private readonly SnapshotFile _file = new(Path.Combine(options.Folder, "product-limits"), "products", 1, logger);

    /// <summary>Null when there is nothing that can be used.</summary>
    public (IReadOnlyList<(Guid Product, Guid Provider, IReadOnlyList<ProductLimit> Limits)> Limits, FeedPlace Place)? Read()
    {
        var all = new List<(Guid, Guid, IReadOnlyList<ProductLimit>)>();
        FeedPlace? place = null;
        var whole = _file.TryRead(block =>
        {
            var reader = new SnapshotReader(block);
            place = new FeedPlace(reader.Id(), reader.Int64(), new DateTimeOffset(reader.Int64(), TimeSpan.Zero));
            while (!reader.AtEnd)
                all.Add((reader.Id(), reader.Id(), ReadLimits(ref reader)));
        });
        return whole && place is not null ? (all, place) : null;
    }

    public void Write(IEnumerable<(Guid Product, Guid Provider, IReadOnlyList<ProductLimit> Limits)> all, FeedPlace place)
    {
        try
        {
            using var rewrite = _file.Rewrite();
            var buffer = rewrite.Records;
            buffer.Id(place.Feed);
            buffer.Int64(place.Version);
            buffer.Int64(place.FreshAt.UtcTicks);
            foreach (var (product, provider, limits) in all)
            {
                buffer.Id(product);
                buffer.Id(provider);
                buffer.Int32(limits.Count);
                foreach (var limit in limits)
                {
                    buffer.Byte((byte)limit.Window);
                    buffer.Int64(limit.Amount);
                }
            }
            rewrite.Commit();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // What is there now may be old.
            logger.LogError(exception, "The limits over all consumers could not be written; until they are, a start needs PostgreSQL");
            _file.Remove();
        }
    }

    public void Dispose() => _file.Dispose();

    private static List<ProductLimit> ReadLimits(ref SnapshotReader reader)
    {
        var limits = new List<ProductLimit>();
        for (var left = reader.Int32(); left > 0; left--)
            limits.Add(new ProductLimit((Window)reader.Byte(), reader.Int64()));
        return limits;
    }
}
