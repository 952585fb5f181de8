using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tollgate.Admission;
using Tollgate.Foundation;
using Tollgate.Gateway.Apis;
using Tollgate.Gateway.Forwarding;
using Tollgate.Gateway.Listener;
using Tollgate.Gateway.Routing;
using Tollgate.Gateway.Upstreams;
using Tollgate.Metering;

namespace Tollgate.Gateway.Tests.Listener;

/// <summary>The whole data plane on a port of its own, before an upstream on raw sockets. Only admission, journal and database are stand-ins.</summary>
internal sealed class GatewayRig : IAsyncDisposable
{
    public const string Secret = "0123456789abcdef0123456789abcdef";

    private readonly ServiceProvider _services;

    private GatewayRig(ServiceProvider services, RawUpstream upstream, FakeAdmission admission, FakeJournal journal, FakeRoutes routes)
    {
        _services = services;
        Upstream = upstream;
        Admission = admission;
        Journal = journal;
        Routes = routes;
    }

    public RawUpstream Upstream { get; }

    public FakeAdmission Admission { get; }

    public FakeJournal Journal { get; }

    public FakeRoutes Routes { get; }

    public static Guid ApiId { get; } = Guid.CreateVersion7(DateTimeOffset.UnixEpoch);

    public static Guid OperationId { get; } = Guid.CreateVersion7(DateTimeOffset.UnixEpoch);

    public Uri Address { get; private set; } = null!;

    public HttpClient Client { get; private set; } = null!;

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    /// <param name="settings">As in the environment, with <c>:</c>.</param>
    /// <param name="basePath">Path of the upstream's address.</param>
    /// <param name="timeout">Of the API, in milliseconds.</param>
    /// <param name="upstream">Another upstream than the raw one.</param>
    /// <param name="clock">For the parts that have timers.</param>
    /// <param name="plan">Several upstreams.</param>
    public static async Task<GatewayRig> StartAsync(Dictionary<string, string?>? settings = null, string basePath = "", int timeout = 30_000, Uri? upstream = null,
        TimeProvider? clock = null, UpstreamPlan? plan = null)
    {
        var raw = new RawUpstream();
        var (admission, journal, routes) = (new FakeAdmission(), new FakeJournal(), new FakeRoutes());
        routes.Apis.Add(new ApiRoute(ApiId, ApiId, "acme", "weather", "weather.example.com", 7, plan ?? UpstreamPlan.Of(upstream ?? new Uri(raw.Address, basePath)),
            [new("X-Upstream-Secret", "s3cret")], System.Text.Encoding.ASCII.GetBytes(Secret), TimeSpan.FromMilliseconds(timeout), [new OperationRoute(OperationId, "GET", "/pets/{petId}")]));
        var values = new Dictionary<string, string?>(settings ?? [], StringComparer.Ordinal);
        values.TryAdd("Gateway:Url", "http://127.0.0.1:0");
        values.TryAdd(UpstreamAddressPolicy.Setting, "true");
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(values).Build();
        var services = new ServiceCollection().AddLogging(logging => logging.ClearProviders()).AddSingleton<IConfiguration>(configuration)
            .AddSingleton(clock ?? TimeProvider.System).AddSingleton<IAdmission>(admission).AddSingleton<IUsageJournal>(journal).AddSingleton<IRouteSource>(routes)
            .AddSingleton<IDatabase, NoDatabase>().AddSingleton<ClientAddress>().AddSingleton<UpstreamAddressPolicy>().AddDataPlane(configuration).BuildServiceProvider();
        var rig = new GatewayRig(services, raw, admission, journal, routes);
        await services.GetRequiredService<Routes>().LoadAsync(CancellationToken.None);
        await services.GetRequiredService<LiveCalls>().StartAsync(CancellationToken.None);
        await services.GetRequiredService<HealthChecks>().StartAsync(CancellationToken.None);
        var listener = services.GetRequiredService<GatewayListener>();
        await listener.StartAsync(CancellationToken.None);
        rig.Address = new Uri(listener.Addresses.Single());
        rig.Client = new HttpClient(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false, UseProxy = false, ActivityHeadersPropagator = null })
        {
            BaseAddress = rig.Address,
            Timeout = TimeSpan.FromSeconds(30),
        };
        return rig;
    }

    /// <summary>A request with the known key; <paramref name="path"/> stands below the API.</summary>
    public static HttpRequestMessage Call(string path, HttpMethod? method = null, HttpContent? content = null)
    {
        var request = new HttpRequestMessage(method ?? HttpMethod.Get, "/acme/weather" + path) { Content = content };
        request.Headers.Add("x-api-key", FakeAdmission.Key);
        return request;
    }

    /// <summary>Sends bytes as they stand and answers all that comes back until the gateway closes.</summary>
    public Task<string> RawAsync(string request) => RawClient.ExchangeAsync(Address, request);

    /// <summary>The only event there is or will be.</summary>
    public async Task<UsageEvent> EventAsync()
    {
        await EventuallyAsync(() => !Journal.Events.IsEmpty && Journal.OpenCount == 0);
        Journal.Events.Count.ShouldBe(1);
        return Journal.Events.First();
    }

    public static async Task EventuallyAsync(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!condition())
            await Task.Delay(10, deadline.Token);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        using var soon = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        Get<LiveCalls>().CutAll();
        await Get<GatewayListener>().StopAsync(soon.Token);
        await _services.DisposeAsync();
        await Upstream.DisposeAsync();
    }
}
