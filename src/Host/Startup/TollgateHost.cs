using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Routing;
using Tollgate.Admission;
using Tollgate.Catalog;
using Tollgate.Foundation;
using Tollgate.Gateway;
using Tollgate.Host.Demo;
using Tollgate.Host.Portal;
using Tollgate.Identity;
using Tollgate.Messaging;
using Tollgate.Metering;
using Tollgate.Plans;

namespace Tollgate.Host.Startup;

/// <summary>Puts the modules together, in the order of their ranks. No rule of the product lives here.</summary>
internal static class TollgateHost
{
    public const string DefaultControlUrl = "http://localhost:8080";

    public static async Task<int> RunAsync(string[] args, CancellationToken cancellation)
    {
        var app = Build(args);
        try
        {
            await using (app.ConfigureAwait(false))
            {
                // A cluster of our own is here or nowhere: what is wrong with it is said before anything else. The data plane serves from its disk while it starts.
                if (app.Services.GetRequiredService<NodeRoles>().NeedsDatabase)
                    await app.Services.GetRequiredService<IDatabaseStartup>().LaunchAsync(cancellation).ConfigureAwait(false);
                await app.StartAsync(cancellation).ConfigureAwait(false);
                RefuseMistakes(app);
                await FirstStart.GreetAsync(app, cancellation).ConfigureAwait(false);
                await app.WaitForShutdownAsync(cancellation).ConfigureAwait(false);
                return 0;
            }
        }
        catch (Exception exception) when (exception is StartupException or IOException { InnerException: AddressInUseException })
        {
            await Console.Error.WriteLineAsync($"Tollgate cannot start: {exception.Message}").ConfigureAwait(false);
            return 1;
        }
    }

    public static WebApplication Build(string[] args)
    {
        // Settings are read once. To watch their files costs a thread that hears of every write below the folder, the journal's included.
        args = ["--hostBuilder:reloadConfigOnChange=false", .. args];
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = Directory.GetCurrentDirectory(), ApplicationName = "tollgate" });
        var roles = NodeRoles.From(builder.Configuration);
        Logs.Configure(builder);
        builder.WebHost.UseUrls(builder.Configuration["Control:Url"] ?? DefaultControlUrl);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = ApiDefaults.DefaultBodyLimit;
        });
        AddModules(builder.Services, builder.Configuration, roles);
        var app = builder.Build();
        app.UsePortalFiles(roles);
        app.UseFoundation();
        MapModules(app, roles);
        BuildEndpointsOnce(app);
        // Said explicitly, so that the endpoints are known without a started server (tollgate openapi).
        app.UseEndpoints(static _ => { });
        return app;
    }

    private static void AddModules(IServiceCollection services, IConfiguration configuration, NodeRoles roles)
    {
        services.AddSingleton(roles);
        services.AddFoundation(configuration);
        services.AddSqlModules(IdentityModule.Sql, MeteringModule.Sql, PlansModule.Sql, AdmissionModule.Sql, GatewayModule.Sql, CatalogModule.Sql, MessagingModule.Sql);
        services.AddIdentity(configuration);
        // The portal's files need nothing of what follows, and no database.
        if (!roles.NeedsDatabase)
            return;
        services.AddMetering(configuration);
        services.AddPlans(configuration);
        services.AddAdmission(configuration);
        services.AddGateway(configuration);
        services.AddCatalog(configuration);
        services.AddMessaging(configuration);
        if (roles.Control)
            services.AddControlApiDocument();
        services.AddBackupFile(FirstStart.FileName);
        // From here on the order of hosted services counts.
        if (roles.Control || roles.Worker)
            services.AddHostedService<DatabaseGate>();
        if (roles.Worker)
        {
            services.AddJobs();
            services.AddMailDelivery();
        }
        services.AddHostedService<MemoryTrims>();
    }

    private static void MapModules(WebApplication app, NodeRoles roles)
    {
        app.MapHealth();
        app.MapMetrics();
        if (!roles.Control)
            return;
        app.MapIdentity();
        app.MapMetering();
        app.MapPlans();
        app.MapAdmission();
        app.MapGateway();
        app.MapCatalog();
        app.MapMessaging();
        app.MapControlApiDocument();
        app.MapProblemsPage();
    }

    // A group builds its endpoints anew for everybody who asks, and the runtime compiles some methods for each: the check at the start, the matcher and the document have the same now.
    private static void BuildEndpointsOnce(IEndpointRouteBuilder routes)
    {
        var once = new CompositeEndpointDataSource([.. routes.DataSources]);
        routes.DataSources.Clear();
        routes.DataSources.Add(once);
    }

    // Endpoints are built when they are first needed; building them now turns a request type without validation into a start that fails.
    private static void RefuseMistakes(WebApplication app) => _ = ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints).Count();
}
