using System.Threading.Tasks.Sources;

namespace Tollgate.Gateway.Sockets;

/// <summary>What one waiter at a time waits for, again and again, without an allocation. It goes on where the result is set.</summary>
internal abstract class LoopSource : IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> _source;

    /// <summary>Begins a wait.</summary>
    protected ValueTask Renew()
    {
        _source.Reset();
        return new ValueTask(this, _source.Version);
    }

    protected void Complete() => _source.SetResult(true);

    protected void Fail(Exception exception) => _source.SetException(exception);

    /// <summary>Nobody will wait for what comes now.</summary>
    protected void Forget() => _source.Reset();

    void IValueTaskSource.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags & ~ValueTaskSourceOnCompletedFlags.UseSchedulingContext);
}
