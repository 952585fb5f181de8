using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Tollgate.Foundation.Backup;
using Tollgate.Foundation.Http;
using Tollgate.Foundation.Redis;
using Tollgate.Foundation.Secrets;

namespace Tollgate.Foundation;

/// <summary>The door of the module: the ground that all others stand on, without a business noun.</summary>
public static partial class FoundationModule
{
    /// <summary>Time that a request of the control API may take before it is cut off with 504.</summary>
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(60);

    public static IServiceCollection AddFoundation(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<SecretBox>();
        services.TryAddSingleton<ISecretBox>(provider => provider.GetRequiredService<SecretBox>());
        services.AddAddressLimit(AddressLimits.Public, configuration.GetValue("Http:PublicRequestsPerMinute", 1200), TimeSpan.FromMinutes(1));
        services.AddSingleton<ISecretRotation, SecretRotation>();
        services.AddSingleton(new SealedColumn("foundation.idempotency_key", "answer", "'foundation.idempotency'"));
        services.TryAddSingleton<ClientAddress>();
        services.TryAddSingleton<SecurityHeaders>();
        services.AddHttpContextAccessor();
        services.AddHealthChecks();
        // Before the feed: a node that waits for its database already tells that it does.
        AddMetricsPage(services, configuration);
        services.AddFoundationPostgres(configuration);
        services.AddRedis(configuration);
        services.AddSingleton<IBackups, Backups>().AddBackupPart<ClusterBackup>().AddBackupPart<SecretKeyBackup>();
        AddHttpDefaults(services);
        return services;
    }

    /// <summary>Modules join in the order of their ranks.</summary>
    public static IServiceCollection AddBackupPart<T>(this IServiceCollection services)
        where T : class, IBackupPart => services.AddSingleton<IBackupPart, T>();

    /// <summary>A small file of the data folder that a backup must hold.</summary>
    public static IServiceCollection AddBackupFile(this IServiceCollection services, string name) =>
        services.AddSingleton<IBackupPart>(provider => new FileBackup(name, provider.GetRequiredService<IConfiguration>()));

    /// <summary>The pipeline up to the endpoints. Order matters: the id first, so that every line below can name it; authorization before limits by account.</summary>
    public static IApplicationBuilder UseFoundation(this IApplicationBuilder app)
    {
        app.UseServerRefusals();
        app.UseMiddleware<RequestPipeline>();
        app.UseExceptionHandler();
        app.UseStatusCodePages(StatusPages.WriteAsync);
        app.UseRouting();
        app.UseRateLimiter();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseRequestTimeouts();
        app.UseMiddleware<Idempotency>();
        return app;
    }

    /// <summary><c>/_api/healthz</c>: the process answers. <c>/_api/readyz</c>: it can do its work, with a reason for each part that cannot.</summary>
    public static IEndpointRouteBuilder MapHealth(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/_api").WithTags("Health").AllowAnonymous();
        group.MapGet("/healthz", () => Results.Ok(new HealthResponse("ok"))).WithName("getHealth").WithSummary("The process answers").Produces<HealthResponse>();
        group.MapHealthChecks("/readyz", new HealthCheckOptions { Predicate = check => check.Tags.Contains("ready"), ResponseWriter = Readiness.WriteAsync })
            .WithDisplayName("Readiness").WithName("getReadiness");
        return routes;
    }

    private static void AddHttpDefaults(IServiceCollection services)
    {
        services.AddExceptionHandler<UnexpectedErrors>();
        services.AddProblemDetails();
        services.ConfigureHttpJsonOptions(options => Json.Configure(options.SerializerOptions));
        // Without this a body that is no JSON gets an empty 400.
        services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        services.AddRequestTimeouts(options => options.DefaultPolicy = new() { Timeout = RequestTimeout, TimeoutStatusCode = StatusCodes.Status504GatewayTimeout });
        services.AddRateLimiter(options =>
        {
            options.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
            options.OnRejected = AddressLimits.RejectAsync;
        });
    }

    private sealed record HealthResponse(string Status);
}
