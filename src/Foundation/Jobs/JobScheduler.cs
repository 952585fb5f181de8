using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Quartz;

namespace Tollgate.Foundation.Jobs;

/// <summary>
/// Puts the jobs of this release into the cluster's schedule and takes part in running them. A trigger that is there and unchanged is left alone, or a
/// node that restarts often would start every interval anew and a daily job would never run.
/// </summary>
internal sealed class JobScheduler(ISchedulerFactory factory, RecurringJobs jobs, IDatabaseStartup startup, ILogger<JobScheduler> logger) : IHostedService
{
    private IScheduler? _scheduler;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await startup.EnsureReadyAsync(cancellationToken).ConfigureAwait(false);
        _scheduler = await factory.GetScheduler(cancellationToken).ConfigureAwait(false);
        foreach (var entry in jobs.Entries)
            await ScheduleAsync(_scheduler, entry, cancellationToken).ConfigureAwait(false);
        await _scheduler.Start(cancellationToken).ConfigureAwait(false);
        logger.LogInformation("{Count} recurring jobs are scheduled", jobs.Entries.Count);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_scheduler is not null)
            await _scheduler.Shutdown(waitForJobsToComplete: true, cancellationToken).ConfigureAwait(false);
    }

    private static async Task ScheduleAsync(IScheduler scheduler, RecurringJobs.Entry entry, CancellationToken cancellation)
    {
        var key = new TriggerKey(entry.Name);
        var job = JobBuilder.Create<JobRunner>().WithIdentity(entry.Name).StoreDurably().Build();
        await scheduler.AddJob(job, AddJobOptions.Replacing, cancellation).ConfigureAwait(false);
        var existing = await scheduler.GetTrigger(key, cancellation).ConfigureAwait(false);
        if (existing?.Description == entry.Schedule)
            return;
        var trigger = TriggerOf(entry, key);
        if (existing is not null)
        {
            await scheduler.RescheduleJob(key, trigger, cancellation).ConfigureAwait(false);
            return;
        }
        try
        {
            await scheduler.ScheduleJob(trigger, cancellationToken: cancellation).ConfigureAwait(false);
        }
        catch (ObjectAlreadyExistsException)
        {
            // Another node that starts at the same time was first.
        }
    }

    private static ITrigger TriggerOf(RecurringJobs.Entry entry, TriggerKey key)
    {
        var builder = TriggerBuilder.Create().WithIdentity(key).ForJob(entry.Name).WithDescription(entry.Schedule).StartNow();
        return entry.Interval is { } interval
            ? builder.WithSimpleSchedule(schedule => schedule.WithInterval(interval).RepeatForever()).Build()
            : builder.WithCronSchedule(entry.Cron!, schedule => schedule.InTimeZone(TimeZoneInfo.Utc)).Build();
    }
}
