namespace Tollgate.Foundation;

/// <summary>The list of recurring jobs, which the host writes in one place. Names are stable: they are how the nodes of a cluster know the same job.</summary>
public sealed class RecurringJobs
{
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    internal sealed record Entry(string Name, Type Type, TimeSpan? Interval, string? Cron)
    {
        /// <summary>Kept with the trigger, to see that the schedule in the code is another one now.</summary>
        public string Schedule => Interval is { } interval ? $"every {interval:c}" : $"cron {Cron}";
    }

    internal IReadOnlyCollection<Entry> Entries => _entries.Values;

    /// <summary>Runs it every <paramref name="interval"/>; what was missed while no node ran is not made up for.</summary>
    public RecurringJobs Add<T>(string name, TimeSpan interval)
        where T : class, IRecurringJob
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(interval, TimeSpan.FromSeconds(1));
        return Add(new Entry(name, typeof(T), interval, null));
    }

    /// <summary>Runs it by a cron expression with seconds, in UTC; a missed time is made up for once.</summary>
    public RecurringJobs Add<T>(string name, string cron)
        where T : class, IRecurringJob => Add(new Entry(name, typeof(T), null, cron));

    internal Entry? Find(string name) => _entries.GetValueOrDefault(name);

    private RecurringJobs Add(Entry entry)
    {
        if (!_entries.TryAdd(entry.Name, entry))
            throw new ArgumentException($"There are two recurring jobs named {entry.Name}.", nameof(entry));
        return this;
    }
}
