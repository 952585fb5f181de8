using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Tollgate.Foundation;
using Tollgate.Foundation.Postgres;

namespace Tollgate.TestKit;

/// <summary>The control API of some modules on a real HTTP server of its own port, over a test's database.</summary>
public sealed class TestServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly string _data;
    private readonly KeptLogs _logs;

    private TestServer(WebApplication app, string data, KeptLogs logs)
    {
        _app = app;
        _data = data;
        _logs = logs;
        Client = NewClient();
    }

    public HttpClient Client { get; }

    public IServiceProvider Services => _app.Services;

    public Uri Address => new(_app.Urls.First());

    /// <param name="database">The test's database.</param>
    /// <param name="add">Adds the modules, as the host does.</param>
    /// <param name="map">Maps their endpoints.</param>
    /// <param name="clock">The clock of the whole server.</param>
    /// <param name="settings">As in the environment, with `:`.</param>
    public static async Task<TestServer> StartAsync(TestDatabase database, Action<IServiceCollection, IConfiguration> add, Action<WebApplication> map,
        TimeProvider? clock = null, IReadOnlyDictionary<string, string?>? settings = null)
    {
        ArgumentNullException.ThrowIfNull(database);
        ArgumentNullException.ThrowIfNull(add);
        ArgumentNullException.ThrowIfNull(map);
        var data = Directory.CreateTempSubdirectory("tollgate-test-").FullName;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Data:Directory"] = data,
            // A node writes the first ones whole, and syncs them, before it is there: with 64 MiB each that was most of what a test of a node took.
            ["Journal:SegmentBytes"] = "4194304",
            ["ConnectionStrings:Tollgate"] = database.ConnectionString(DatabaseConnections.AppRole),
        });
        if (settings is not null)
            builder.Configuration.AddInMemoryCollection(settings);
        var logs = new KeptLogs();
        // As the program's own, of which a test prints the warnings only.
        builder.Logging.ClearProviders().AddSimpleConsole().AddProvider(logs).SetMinimumLevel(LogLevel.Information)
            .AddFilter<ConsoleLoggerProvider>(null, LogLevel.Warning).AddFilter("Microsoft", LogLevel.Warning).AddFilter("System.Net.Http", LogLevel.Warning).AddFilter("Quartz", LogLevel.Warning);
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        if (clock is not null)
            builder.Services.AddSingleton(clock);
        builder.Services.AddFoundation(builder.Configuration);
        add(builder.Services, builder.Configuration);
        var app = builder.Build();
        await app.Services.GetRequiredService<IDatabaseStartup>().AttachAsync(CancellationToken.None).ConfigureAwait(false);
        app.UseFoundation();
        map(app);
        await app.StartAsync().ConfigureAwait(false);
        return new TestServer(app, data, logs);
    }

    /// <summary>A client without cookies of its own and without a session.</summary>
    public HttpClient NewClient() => new(new WatchedAnswers(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false })) { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(60) };

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync().ConfigureAwait(false);
        Directory.Delete(_data, recursive: true);
        SecretsInLogs.Refuse(_logs.Text);
    }
}
