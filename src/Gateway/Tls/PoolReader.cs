using System.IO.Pipelines;
using Tollgate.Gateway.Sockets;

namespace Tollgate.Gateway.Tls;

/// <summary>A connection's input. Until it is done, whoever waits for a read goes on in the thread pool and not on the loop that brought the bytes.</summary>
internal sealed class PoolReader(PipeReader inner) : PipeReader
{
    private volatile bool _done;

    public bool Done
    {
        get => _done;
        set => _done = value;
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
        _done ? inner.ReadAsync(cancellationToken) : ReadInPoolAsync(cancellationToken);

    public override bool TryRead(out ReadResult result) => inner.TryRead(out result);

    public override void AdvanceTo(SequencePosition consumed) => inner.AdvanceTo(consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => inner.AdvanceTo(consumed, examined);

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);

    private async ValueTask<ReadResult> ReadInPoolAsync(CancellationToken cancellation)
    {
        var result = await inner.ReadAsync(cancellation).ConfigureAwait(false);
        if (EventLoop.Current is not null)
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        return result;
    }
}
