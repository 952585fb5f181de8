using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Tollgate.Foundation.Redis;

internal static class RedisRegistration
{
    /// <summary>Registers <see cref="IRedis"/> where a server is named; without one nobody may ask for it.</summary>
    public static IServiceCollection AddRedis(this IServiceCollection services, IConfiguration configuration)
    {
        if (RedisSettings.From(configuration) is { } settings)
            services.AddSingleton<IRedis>(_ => new RedisServer(settings));
        return services;
    }
}
