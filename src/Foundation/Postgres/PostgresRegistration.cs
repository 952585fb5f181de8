using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
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

    internal static IServiceCollection AddFoundationPostgres(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(Sql);
        services.AddSingleton<DataSources>();
        services.AddSingleton<Database>();
        services.AddSingleton<IDatabase>(provider => provider.GetRequiredService<Database>());
        services.AddSingleton<IDatabaseStartup, DatabaseStartup>();
        return services;
    }
}
