using System.Runtime.CompilerServices;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tollgate.Foundation;

[assembly: InternalsVisibleTo("Tollgate.journal")]
[assembly: InternalsVisibleTo("Tollgate.path")]
[assembly: InternalsVisibleTo("Tollgate.shipping")]

namespace Tollgate.Metering.Journal;

internal static class JournalRegistration
{
    /// <summary>One journal for the process, as writer and as reader; it is opened when the host starts.</summary>
    internal static IServiceCollection AddJournal(this IServiceCollection services)
    {
        services.AddOptions<JournalOptions>().BindConfiguration(JournalOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<JournalOptions>, JournalOptionsValidator>();
        services.AddSingleton(Open);
        services.AddSingleton<IUsageJournal>(provider => provider.GetRequiredService<UsageJournal>());
        services.AddSingleton<IJournalReader>(provider => provider.GetRequiredService<UsageJournal>());
        services.AddSingleton<IJournalReplay, JournalReplay>();
        services.AddHostedService<Opener>();
        services.AddBackupPart<JournalBackup>().AddMetricSource<JournalMetrics>();
        services.AddHealthChecks().AddCheck<JournalHealth>("journal", tags: ["ready"]);
        return services;
    }

    public static string FolderOf(JournalOptions options, IConfiguration configuration) =>
        options.Directory ?? Path.Combine(configuration["Data:Directory"] is { Length: > 0 } data ? data : "data", "journal");

    private static UsageJournal Open(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<IOptions<JournalOptions>>().Value;
        return new UsageJournal(FolderOf(options, provider.GetRequiredService<IConfiguration>()), options, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<UsageJournal>>());
    }

    // A journal that cannot be opened stops the start, before anything is served.
    private sealed class Opener(IServiceProvider provider) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            provider.GetRequiredService<UsageJournal>();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
