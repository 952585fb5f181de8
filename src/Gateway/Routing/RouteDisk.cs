using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Tollgate.Foundation;
using Tollgate.Gateway.Apis;

namespace Tollgate.Gateway.Routing;

/// <summary>
/// What this node serves, on its disk (<c>gateway/routes</c> in the data directory). Nothing here fails: a snapshot that cannot be written is removed, and the
/// next start asks PostgreSQL.
/// </summary>
internal sealed partial class RouteDisk(IConfiguration configuration, ISecretBox box, ILogger<RouteDisk> logger) : IDisposable
{
    // Of the versions before: without what was added to a route since. Still read, so that an update needs no database either.
    private const byte SingleRouteRecord = 1;
    private const byte UnrenamedRouteRecord = 4;
    private const byte GoneRecord = 2;
    private const byte PlaceRecord = 3;
    private const byte RouteRecord = 5;

    // How exactly the age of the snapshot is known after a restart.
    private static readonly TimeSpan PlaceInterval = TimeSpan.FromSeconds(10);

    private readonly SnapshotFile _file = new(Path.Combine(configuration["Data:Directory"] ?? "data", "gateway", "routes"), "routes", 1, logger);
    private readonly RouteCodec _codec = new(box);
    private readonly SnapshotBuffer _block = new();
    private FeedPlace? _kept;
    private bool _changed;

    /// <summary>Null when there is nothing that can be used.</summary>
    public (IReadOnlyList<ApiRoute> Routes, FeedPlace Place)? Read()
    {
        // Null: sealed with a key that is gone. It counts as what it says when it is the last of its API; the key was changed after it, and what was sealed anew comes later in the file.
        var routes = new Dictionary<Guid, ApiRoute?>();
        FeedPlace? place = null;
        var whole = _file.TryRead(block =>
        {
            var reader = new SnapshotReader(block);
            while (!reader.AtEnd)
                ReadRecord(ref reader, routes, ref place);
        });
        if (!whole || place is null)
            return null;
        var closed = routes.Values.Count(route => route is null);
        if (closed > 0)
            LogClosed(logger, closed);
        return closed == 0 ? ([.. routes.Values.OfType<ApiRoute>()], place) : null;
    }

    public void Keep(IReadOnlyList<ApiRoute> changed, IEnumerable<Guid> gone)
    {
        foreach (var route in changed)
        {
            _block.Byte(RouteRecord);
            _codec.Write(_block, route);
        }
        foreach (var id in gone)
        {
            _block.Byte(GoneRecord);
            _block.Id(id);
        }
        _changed = true;
        Append();
    }

    /// <summary>Writes all anew; of use once a place is kept too.</summary>
    public void Rewrite(IEnumerable<ApiRoute> routes)
    {
        _kept = null;
        try
        {
            using var rewrite = _file.Rewrite();
            foreach (var route in routes)
            {
                rewrite.Records.Byte(RouteRecord);
                _codec.Write(rewrite.Records, route);
                rewrite.Next();
            }
            rewrite.Commit();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // What is there now misses what these hold.
            LogNotWritten(logger, exception);
            _file.Remove();
        }
    }

    /// <summary>
    /// Notes the place when routes have changed, else now and then: the feed moves with every key that is made, and a place brought to disk for each would keep the disk from
    /// those that wait for it. True when it is time to write all anew.
    /// </summary>
    public bool Reached(FeedPlace place)
    {
        if (_kept is { } kept && kept.Feed == place.Feed && !_changed && place.FreshAt - kept.FreshAt < PlaceInterval)
            return false;
        _changed = false;
        _block.Byte(PlaceRecord);
        _block.Id(place.Feed);
        _block.Int64(place.Version);
        _block.Int64(place.FreshAt.UtcTicks);
        Append();
        _kept = place;
        // The next change need not wait for the disk.
        _ = Task.Run(_file.Flush);
        return _file.NeedsRewrite;
    }

    public void Dispose() => _file.Dispose();

    private void ReadRecord(ref SnapshotReader reader, Dictionary<Guid, ApiRoute?> routes, ref FeedPlace? place)
    {
        switch (reader.Byte())
        {
            case (RouteRecord or UnrenamedRouteRecord or SingleRouteRecord) and var kind:
                var route = _codec.Read(ref reader, single: kind == SingleRouteRecord, renamed: kind == RouteRecord, out var opened);
                routes[route.ApiId] = opened ? route : null;
                break;
            case GoneRecord:
                routes.Remove(reader.Id());
                break;
            case PlaceRecord:
                place = new FeedPlace(reader.Id(), reader.Int64(), new DateTimeOffset(reader.Int64(), TimeSpan.Zero));
                break;
            default:
                throw new InvalidDataException("A record of an unknown kind.");
        }
    }

    private void Append()
    {
        _file.Append(_block);
        _block.Clear();
    }

    [LoggerMessage(512, LogLevel.Warning, "{Count} routes of the snapshot are sealed with a key that this program does not have; this start needs PostgreSQL")]
    private static partial void LogClosed(ILogger logger, int count);

    [LoggerMessage(511, LogLevel.Error, "The snapshot of routes could not be written; until it is, a start needs PostgreSQL")]
    private static partial void LogNotWritten(ILogger logger, Exception exception);
}
