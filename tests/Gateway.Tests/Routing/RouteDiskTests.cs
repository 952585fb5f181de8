using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Tollgate.Foundation;
using Tollgate.Gateway.Apis;
using Tollgate.Gateway.Routing;
using Tollgate.Gateway.Upstreams;

namespace Tollgate.Gateway.Tests.Routing;

public sealed class RouteDiskTests : IDisposable
{
    private const string UpstreamSecret = "s3cret-of-the-upstream";
    private static readonly FeedPlace Place = new(Id(9), 7, new DateTimeOffset(2026, 11, 21, 10, 0, 0, TimeSpan.Zero));

    private readonly string _folder = Directory.CreateTempSubdirectory("tollgate-routes-").FullName;
    private readonly ISecretBox _box;

    public RouteDiskTests()
    {
        Settings = new ConfigurationBuilder().AddInMemoryCollection([new("Data:Directory", _folder), new("Secrets:Key", Convert.ToBase64String(new byte[32]))]).Build();
        _box = BoxOf(Settings);
    }

    private IConfiguration Settings { get; }

    private string File => Path.Combine(_folder, "gateway", "routes");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Read_EveryPartOfARoute_IsAsItWas()
    {
        var route = Route(1);
        // A part that is added one day must be in this test, and on disk.
        foreach (var property in typeof(ApiRoute).GetProperties())
            property.GetValue(route).ShouldNotBe(property.PropertyType.IsValueType ? Activator.CreateInstance(property.PropertyType) : null, property.Name);
        using (var disk = Open())
        {
            disk.Rewrite([route]);
            disk.Reached(Place);
        }
        using var again = Open();
        var (routes, place) = again.Read().ShouldNotBeNull();
        place.ShouldBe(Place);
        JsonSerializer.Serialize(routes).ShouldBe(JsonSerializer.Serialize(new[] { route }));
    }

    [Fact]
    public void Read_SeveralUpstreams_AreAsTheyWere()
    {
        var plan = new UpstreamPlan([new(new Uri("https://a.example.com/base"), 3), new(new Uri("http://b.example.com"), 1)], Balancing.LeastRequests,
            new HealthCheck("/healthz?deep=1", 5, 500, 1, 4, 200, 204), new PassiveHealth(7, 2, 60, GatewayErrors: true));
        using (var disk = Open())
        {
            disk.Rewrite([Route(1) with { Upstreams = plan }, Route(2)]);
            disk.Reached(Place);
        }
        using var again = Open();
        var routes = again.Read().ShouldNotBeNull().Routes;
        JsonSerializer.Serialize(routes[0].Upstreams).ShouldBe(JsonSerializer.Serialize(plan));
        JsonSerializer.Serialize(routes[1].Upstreams).ShouldBe(JsonSerializer.Serialize(Route(2).Upstreams));
    }

    // They ended where the former slugs, and before that the upstreams, begin now: a number, and a text that is null, take four bytes each.
    [Theory]
    [InlineData(4, false)]
    [InlineData(8, true)]
    public void Read_RouteOfAVersionBefore_HasWhatThereWas(int fewer, bool single)
    {
        var codec = new RouteCodec(_box);
        var buffer = new SnapshotBuffer();
        var before = Route(1) with { FormerSlugs = [] };
        codec.Write(buffer, before);
        var reader = new SnapshotReader(buffer.Written[..^fewer]);

        var route = codec.Read(ref reader, single, renamed: false, out var opened);

        opened.ShouldBeTrue();
        reader.AtEnd.ShouldBeTrue();
        JsonSerializer.Serialize(route).ShouldBe(JsonSerializer.Serialize(before));
    }

    [Fact]
    public void Read_ChangesAfterTheBase_TheLastOneCounts()
    {
        using (var disk = Open())
        {
            disk.Rewrite([Route(1), Route(2), Route(3)]);
            disk.Keep([Route(2) with { Version = 99 }], [Id(3)]);
            disk.Keep([Route(4)], []);
            disk.Reached(Place);
        }
        using var again = Open();
        again.Read().ShouldNotBeNull().Routes.Select(route => (route.ApiId, route.Version)).ShouldBe([(Id(1), 5), (Id(2), 99), (Id(4), 5)], ignoreOrder: true);
    }

    [Fact]
    public void Reached_PlaceMovesWithoutARoute_IsNotedWithTheNextRoute()
    {
        var (next, last) = (Place with { Version = Place.Version + 1 }, Place with { Version = Place.Version + 2 });
        using (var disk = Open())
        {
            disk.Rewrite([Route(1)]);
            disk.Reached(Place);
            disk.Reached(next);
        }
        using (var disk = Open())
        {
            disk.Read().ShouldNotBeNull().Place.ShouldBe(Place);
            disk.Keep([Route(2)], []);
            disk.Reached(last);
        }
        using var again = Open();
        again.Read().ShouldNotBeNull().Place.ShouldBe(last);
    }

    [Fact]
    public void Keep_SecretsOfAnUpstream_AreCiphertextOnDisk()
    {
        using (var disk = Open())
        {
            disk.Rewrite([Route(1)]);
            disk.Keep([Route(2)], []);
            disk.Reached(Place);
        }
        var bytes = System.IO.File.ReadAllBytes(File).AsSpan();
        bytes.IndexOf(Encoding.UTF8.GetBytes(UpstreamSecret)).ShouldBe(-1);
        bytes.IndexOf(Route(1).SigningSecret).ShouldBe(-1);
        // The address is no secret of the disk's reader, and shows that the search would find something.
        bytes.IndexOf("upstream.example.com"u8).ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Read_WithoutTheKeyOrWithADamagedFile_IsNull()
    {
        using (var disk = Open())
        {
            disk.Rewrite([Route(1)]);
            disk.Reached(Place);
        }
        var stranger = BoxOf(new ConfigurationBuilder().AddInMemoryCollection([new("Secrets:Key", Convert.ToBase64String(SHA256.HashData([1])))]).Build());
        using (var disk = new RouteDisk(Settings, stranger, NullLogger<RouteDisk>.Instance))
            disk.Read().ShouldBeNull();
        var bytes = System.IO.File.ReadAllBytes(File);
        bytes[70] ^= 1;
        System.IO.File.WriteAllBytes(File, bytes);
        using (var disk = Open())
            disk.Read().ShouldBeNull();
    }

    [Fact]
    public void Read_WithoutTheKeyOfTheBase_IsWhatWasSealedAnewSince()
    {
        using (var disk = Open())
        {
            disk.Rewrite([Route(1), Route(2), Route(3)]);
            disk.Reached(Place);
        }
        var (first, second) = (Convert.ToBase64String(new byte[32]), Convert.ToBase64String(SHA256.HashData([1])));
        using (var disk = new RouteDisk(Settings, BoxOf(("Secrets:Key", second), ("Secrets:OldKeys", first)), NullLogger<RouteDisk>.Instance))
        {
            disk.Read().ShouldNotBeNull();
            disk.Keep([Route(1) with { Version = 99 }], [Id(3)]);
            disk.Reached(Place with { Version = Place.Version + 1 });
        }
        using (var disk = new RouteDisk(Settings, BoxOf(("Secrets:Key", second)), NullLogger<RouteDisk>.Instance))
            disk.Read().ShouldBeNull("of one route only what the old key has sealed is there");
        using (var disk = new RouteDisk(Settings, BoxOf(("Secrets:Key", second), ("Secrets:OldKeys", first)), NullLogger<RouteDisk>.Instance))
        {
            disk.Read().ShouldNotBeNull();
            disk.Keep([Route(2)], []);
            disk.Reached(Place with { Version = Place.Version + 2 });
        }
        using var forgotten = new RouteDisk(Settings, BoxOf(("Secrets:Key", second)), NullLogger<RouteDisk>.Instance);
        var (routes, place) = forgotten.Read().ShouldNotBeNull();
        place.Version.ShouldBe(Place.Version + 2);
        JsonSerializer.Serialize(routes.OrderBy(route => route.ApiSlug, StringComparer.Ordinal)).ShouldBe(JsonSerializer.Serialize(new[] { Route(1) with { Version = 99 }, Route(2) }));
    }

    [Fact]
    public void Read_NoPlaceWasReached_IsNull()
    {
        using (var disk = Open())
            disk.Rewrite([Route(1)]);
        using var again = Open();
        again.Read().ShouldBeNull();
    }

    private RouteDisk Open() => new(Settings, _box, NullLogger<RouteDisk>.Instance);

    private static ISecretBox BoxOf(params (string Name, string Value)[] settings) =>
        BoxOf(new ConfigurationBuilder().AddInMemoryCollection(settings.Select(one => new KeyValuePair<string, string?>(one.Name, one.Value))).Build());

    private static ISecretBox BoxOf(IConfiguration configuration) =>
        new ServiceCollection().AddSingleton(configuration).AddFoundation(configuration).BuildServiceProvider().GetRequiredService<ISecretBox>();

    private static Guid Id(int number) => new(number, 0, 0, new byte[8]);

    private static ApiRoute Route(int number) => new(
        Id(number), Id(100), "acme", $"weather{number}", "weather.example.com", 5, UpstreamPlan.Of(new Uri("https://upstream.example.com/base")),
        [new("X-Secret", UpstreamSecret), new("X-Other", "")], SHA256.HashData([1, 2, 3]), TimeSpan.FromSeconds(7), [new OperationRoute(Id(50), "GET", "/pets/{petId}"), new OperationRoute(Id(51), "POST", "/pets")])
    { FormerSlugs = ["emca", "acme-2"] };
}
