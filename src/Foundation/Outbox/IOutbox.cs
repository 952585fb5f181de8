namespace Tollgate.Foundation;

/// <summary>The one outbox: an event is stored in the publisher's transaction and handed to each handler at least once, exactly once in effect
/// when the handler's effect is in the transaction that it is given.</summary>
public interface IOutbox
{
    Task PublishAsync<T>(DbSession session, string type, int version, T payload);

    /// <summary>For the one handler of an event whose payload is nothing to keep: empties it, in the transaction that it is handled in (the worker's).</summary>
    Task EraseAsync(DbSession session, Guid eventId);
}

/// <summary>Handles one event type. The effect belongs in <paramref name="session"/>: it commits together with the mark that the event was handled.</summary>
public interface IOutboxHandler
{
    string Name { get; }

    string EventType { get; }

    int MaximumVersion { get; }

    Task HandleAsync(DbSession session, OutboxEvent @event);
}

/// <summary><paramref name="Payload"/> lives as long as the handler runs.</summary>
public sealed record OutboxEvent(Guid Id, string Type, int Version, System.Text.Json.JsonElement Payload, DateTimeOffset At)
{
    /// <summary>The payload as it was published.</summary>
    public T Read<T>() => System.Text.Json.JsonSerializer.Deserialize<T>(Payload, Json.Options)
        ?? throw new InvalidOperationException($"The event {Id} of type {Type} has no payload.");
}
