using Tollgate.Foundation;

namespace Tollgate.Gateway.Apis;

/// <summary>
/// Reading a large document takes many times its size in memory, so one is read at a time. Without this anybody with an account could end the node with a
/// handful of documents that are as large as they may be. How many wait is bounded before: <see cref="LargeBodies"/>.
/// </summary>
internal sealed class LargeDocuments : IDisposable
{
    public const int LargeBytes = LargeBodies.LargeBytes;

    private readonly SemaphoreSlim _slot = new(1);

    public async Task<Outcome<T>> ReadAsync<T>(int bytes, Func<Outcome<T>> read, CancellationToken cancellation)
    {
        if (bytes <= LargeBytes)
            return read();
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

    public void Dispose() => _slot.Dispose();
}
