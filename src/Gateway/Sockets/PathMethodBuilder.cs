using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;

namespace Tollgate.Gateway.Sockets;

/// <summary>
/// Builds the asynchronous methods of the path. What holds a suspended method is used again, some hundreds of each a thread, where the runtime's own pooling
/// keeps one; so a call allocates nothing for its waits. No execution context goes along: nothing on the path may look into one.
/// </summary>
internal struct PathMethodBuilder
{
    private PathMethodBuilder<Nothing> _inner;

    public readonly ValueTask Task => _inner.Plain;

    public static PathMethodBuilder Create() => default;

    public readonly void Start<TStateMachine>(ref TStateMachine stateMachine)
        where TStateMachine : IAsyncStateMachine => stateMachine.MoveNext();

    public readonly void SetStateMachine(IAsyncStateMachine stateMachine)
    {
    }

    public readonly void SetResult() => _inner.End();

    public void SetException(Exception exception) => _inner.SetException(exception);

    public void AwaitOnCompleted<TAwaiter, TStateMachine>(ref TAwaiter awaiter, ref TStateMachine stateMachine)
        where TAwaiter : INotifyCompletion
        where TStateMachine : IAsyncStateMachine => _inner.AwaitOnCompleted(ref awaiter, ref stateMachine);

    public void AwaitUnsafeOnCompleted<TAwaiter, TStateMachine>(ref TAwaiter awaiter, ref TStateMachine stateMachine)
        where TAwaiter : ICriticalNotifyCompletion
        where TStateMachine : IAsyncStateMachine => _inner.AwaitUnsafeOnCompleted(ref awaiter, ref stateMachine);

    internal readonly struct Nothing;
}

/// <inheritdoc cref="PathMethodBuilder"/>
internal struct PathMethodBuilder<TResult>
{
    private Suspended? _suspended;
    private Exception? _exception;
    private TResult _result;

    public readonly ValueTask<TResult> Task =>
        _suspended is not null ? new ValueTask<TResult>(_suspended, _suspended.Version) : _exception is null ? new ValueTask<TResult>(_result) : ValueTask.FromException<TResult>(_exception);

    internal readonly ValueTask Plain =>
        _suspended is not null ? new ValueTask(_suspended, _suspended.Version) : _exception is null ? default : ValueTask.FromException(_exception);

    public static PathMethodBuilder<TResult> Create() => default;

    public readonly void Start<TStateMachine>(ref TStateMachine stateMachine)
        where TStateMachine : IAsyncStateMachine => stateMachine.MoveNext();

    public readonly void SetStateMachine(IAsyncStateMachine stateMachine)
    {
    }

    public void SetResult(TResult result)
    {
        if (_suspended is { } suspended)
            suspended.SetResult(result);
        else
            _result = result;
    }

    public void SetException(Exception exception)
    {
        if (_suspended is { } suspended)
            suspended.SetException(exception);
        else
            _exception = exception;
    }

    public void AwaitOnCompleted<TAwaiter, TStateMachine>(ref TAwaiter awaiter, ref TStateMachine stateMachine)
        where TAwaiter : INotifyCompletion
        where TStateMachine : IAsyncStateMachine => awaiter.OnCompleted(Suspend(ref stateMachine));

    public void AwaitUnsafeOnCompleted<TAwaiter, TStateMachine>(ref TAwaiter awaiter, ref TStateMachine stateMachine)
        where TAwaiter : ICriticalNotifyCompletion
        where TStateMachine : IAsyncStateMachine => awaiter.UnsafeOnCompleted(Suspend(ref stateMachine));

    internal readonly void End() => _suspended?.SetResult(default!);

    // This builder is a field of the state machine: it must know its place before it is copied there.
    private Action Suspend<TStateMachine>(ref TStateMachine stateMachine)
        where TStateMachine : IAsyncStateMachine
    {
        if (_suspended is not null)
            return _suspended.GoOn;
        var suspended = Suspended<TStateMachine>.Rent();
        _suspended = suspended;
        suspended.StateMachine = stateMachine;
        return suspended.GoOn;
    }

    private abstract class Suspended : IValueTaskSource<TResult>, IValueTaskSource
    {
        private ManualResetValueTaskSourceCore<TResult> _core;

        public Action GoOn { get; protected init; } = null!;

        public short Version => _core.Version;

        public void SetResult(TResult result) => _core.SetResult(result);

        public void SetException(Exception exception) => _core.SetException(exception);

        public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) => _core.OnCompleted(continuation, state, token, flags);

        public TResult GetResult(short token)
        {
            try
            {
                return _core.GetResult(token);
            }
            finally
            {
                _core.Reset();
                Return();
            }
        }

        void IValueTaskSource.GetResult(short token) => GetResult(token);

        protected abstract void Return();
    }

    private sealed class Suspended<TStateMachine> : Suspended
        where TStateMachine : IAsyncStateMachine
    {
        private const int MostKept = 512;

        [ThreadStatic]
        private static Suspended<TStateMachine>? t_first;

        [ThreadStatic]
        private static int t_kept;

        private Suspended<TStateMachine>? _next;

        public TStateMachine StateMachine = default!;

        private Suspended() => GoOn = MoveNext;

        public static Suspended<TStateMachine> Rent()
        {
            if (t_first is not { } first)
                return new Suspended<TStateMachine>();
            (t_first, first._next) = (first._next, null);
            t_kept--;
            return first;
        }

        protected override void Return()
        {
            StateMachine = default!;
            if (t_kept == MostKept)
                return;
            (_next, t_first) = (t_first, this);
            t_kept++;
        }

        private void MoveNext() => StateMachine.MoveNext();
    }
}
