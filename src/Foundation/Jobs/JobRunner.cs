using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Quartz;

namespace Tollgate.Foundation.Jobs;

/// <summary>
/// What Quartz runs for every recurring job. The database keeps this one type and the job's name, so that renaming a class or rolling back a release
/// leaves nothing behind that cannot be loaded.
/// </summary>
[DisallowConcurrentExecution]
internal sealed class JobRunner(IServiceScopeFactory scopes, RecurringJobs jobs, ILogger<JobRunner> logger) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        var name = context.JobDetail.Key.Name;
        if (jobs.Find(name) is not { } entry)
        {
            logger.LogInformation("The recurring job {Job} is of another release; this node leaves it alone", name);
            return;
        }
        try
        {
            var scope = scopes.CreateAsyncScope();
            await using (scope.ConfigureAwait(false))
                await ((IRecurringJob)scope.ServiceProvider.GetRequiredService(entry.Type)).RunAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failed) when (!cancellationToken.IsCancellationRequested)
        {
            // Its next time comes; Quartz is told nothing, because it would only log it again.
            logger.LogError(failed, "The recurring job {Job} failed", name);
        }
    }
}
