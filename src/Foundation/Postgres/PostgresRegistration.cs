using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Quartz;
using Tollgate.Foundation.Changes;
using Tollgate.Foundation.Jobs;
using Tollgate.Foundation.Outbox;
using Tollgate.Foundation.Postgres;

namespace Tollgate.Foundation;

public static partial class FoundationModule
{
    public static SqlModule Sql { get; } = new("foundation", typeof(FoundationModule).Assembly);

    /// <summary>The modules whose SQL makes the schema, in the order of their ranks; Foundation's own comes first by itself.</summary>
    public static IServiceCollection AddSqlModules(this IServiceCollection services, params SqlModule[] modules)
    {
        ArgumentNullException.ThrowIfNull(modules);
        foreach (var module in modules)
            services.AddSingleton(module);
        return services;
    }

    /// <summary>A snapshot in memory that follows the database. The handler is one object for the whole program.</summary>
    public static IServiceCollection AddChangeHandler<T>(this IServiceCollection services)
        where T : class, IChangeHandler
    {
        services.TryAddSingleton<T>();
        return services.AddSingleton<IChangeHandler>(provider => provider.GetRequiredService<T>());
    }

    public static IServiceCollection AddOutboxHandler<T>(this IServiceCollection services)
        where T : class, IOutboxHandler => services.AddSingleton<IOutboxHandler, T>();

    /// <summary>For nodes with the worker role: the outbox is drained and the recurring jobs run here too.</summary>
    public static IServiceCollection AddRecurringJobs(this IServiceCollection services, Action<RecurringJobs> list)
    {
        ArgumentNullException.ThrowIfNull(list);
        var jobs = new RecurringJobs();
        list(jobs);
        services.AddSingleton(jobs);
        foreach (var entry in jobs.Entries)
            services.TryAddTransient(entry.Type);
        services.AddQuartz(quartz =>
        {
            quartz.ConfigureScheduler(scheduler => scheduler.InstanceName = "tollgate");
            quartz.UseDefaultThreadPool(4);
            quartz.UsePersistentStore(store =>
            {
                store.ConfigureStore(options => options.TablePrefix = "foundation.quartz_");
                store.UsePostgres(source => source.DataSourceFactory = provider => provider.GetRequiredService<DataSources>().Worker);
                store.UseClustering(cluster => cluster.CheckinInterval = TimeSpan.FromSeconds(5));
            });
        });
        services.AddHostedService<JobScheduler>();
        return services.AddHostedService<OutboxDrainer>();
    }

    /// <summary>The database, the change feed and the outbox's writing side. The feed is the first hosted service: what comes after it finds its snapshots loaded.</summary>
    internal static IServiceCollection AddFoundationPostgres(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(Sql);
        services.AddSingleton<DataSources>();
        services.AddSingleton<Database>();
        services.AddSingleton<IDatabase>(provider => provider.GetRequiredService<Database>());
        services.AddSingleton<DatabaseStartup>().AddSingleton<IDatabaseStartup>(provider => provider.GetRequiredService<DatabaseStartup>());
        services.AddSingleton<IOutbox, Outbox.Outbox>();
        services.AddSingleton(SnapshotOptions.From(configuration));
        services.AddSingleton<ChangeFeed>();
        services.AddSingleton<IChangeFeed>(provider => provider.GetRequiredService<ChangeFeed>());
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<ChangeFeed>());
        services.AddHealthChecks().AddCheck<ChangeFeedReadiness>("change_feed", tags: ["ready"]);
        return services;
    }
}
