using Tollgate.Host.Tests.Faults;

namespace Faults;

/// <summary>Running programs as some faults need them, and those faults.</summary>
internal abstract class Setup
{
    /// <summary>One of so many rounds is of it; 0: all that are left.</summary>
    public virtual int Share => 10;

    public abstract IReadOnlyList<Fault> Faults { get; }

    public abstract Task<Lab> StartAsync(int seed);

    /// <summary>After the lab's end.</summary>
    public virtual ValueTask EndAsync() => ValueTask.CompletedTask;

    public async IAsyncEnumerable<RoundResult> RunAsync(int seed, IReadOnlyList<Fault> faults)
    {
        await using (var lab = await StartAsync(seed))
            foreach (var fault in faults)
                yield return await lab.RoundAsync(fault);
        await EndAsync();
    }
}
