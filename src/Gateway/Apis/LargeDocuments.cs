using Tollgate.Foundation;

namespace Tollgate.Gateway.Apis;

/// <summary>
/// Reading a large document takes many times its size in memory: one is read at a time, a few may wait, and more are told to come back. Without this
/// anybody with an account could end the node with a handful of documents that are as large as they may be.
/// </summary>
internal sealed class LargeDocuments : IDisposable
{
    public const int LargeBytes = 1024 * 1024;
    public const int MostWaiting = 4;

    private readonly SemaphoreSlim _slot = new(1);
    private int _present;

    public static Failure Busy { get; } = new(FailureKind.Unavailable, "IMPORT_BUSY", "Other large documents are being read. Nothing was changed; try again in a moment.") { RetryAfterSeconds = 10 };

    public async Task<Outcome<T>> ReadAsync<T>(int bytes, Func<Outcome<T>> read, CancellationToken cancellation)
    {
        if (bytes <= LargeBytes)
            return read();
        try
        {
            if (Interlocked.Increment(ref _present) > 1 + MostWaiting)
                return Busy;
            await _slot.WaitAsync(cancellation).ConfigureAwait(false);
            try
            {
                return read();
            }
            finally
            {
                _slot.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _present);
        }
    }

    public void Dispose() => _slot.Dispose();
}
