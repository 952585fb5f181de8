using Tollgate.Foundation;

namespace Tollgate.Identity.Passwords;

/// <summary>
/// Turns for what is expensive by intent. As many hashes are at work as there are processors, 32 more for each wait, five seconds at the most; whoever comes beyond
/// that is refused at once, so that a flood costs those who come in it an answer and nobody the memory.
/// </summary>
internal sealed class HashSlots(TimeProvider clock, int atOnce, int waiting) : IDisposable
{
    private const int WaitingForEach = 32;

    private static readonly int Processors = Math.Max(2, Environment.ProcessorCount);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);
    private static readonly Failure Busy = new(FailureKind.Unavailable, "PASSWORDS_BUSY", "Too many passwords and codes are being looked at. Nothing was changed; try again in a moment.") { RetryAfterSeconds = 2 };

    private readonly SemaphoreSlim _slots = new(atOnce);
    private int _inside;

    public HashSlots(TimeProvider clock)
        : this(clock, Processors, Processors * WaitingForEach)
    {
    }

    /// <summary>How many may be here at once, at work or waiting.</summary>
    public int Room => atOnce + waiting;

    /// <exception cref="FailureException">There is no turn, or it did not come in time.</exception>
    public async Task<T> RunAsync<T>(Func<T> work, CancellationToken cancellation)
    {
        try
        {
            if (Interlocked.Increment(ref _inside) > Room)
                throw new FailureException(Busy);
            await WaitAsync(cancellation).ConfigureAwait(false);
            try
            {
                return await Task.Run(work, cancellation).ConfigureAwait(false);
            }
            finally
            {
                _slots.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _inside);
        }
    }

    public void Dispose() => _slots.Dispose();

    private async Task WaitAsync(CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(LongestWait, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            await _slots.WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new FailureException(Busy);
        }
    }
}
