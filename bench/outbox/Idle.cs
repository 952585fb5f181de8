using Tollgate.Foundation;

namespace OutboxBench;

/// <summary>A handler that does nothing but count.</summary>
internal sealed class Idle(string name) : IOutboxHandler
{
    public int Handled { get; private set; }

    public string Name => name;

    public string EventType => name;

    public int MaximumVersion => 1;

    public Task HandleAsync(DbSession session, OutboxEvent @event)
    {
        Handled++;
        return Task.CompletedTask;
    }
}
