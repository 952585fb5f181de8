using System.Text.Json;

namespace Tollgate.Foundation.Outbox;

internal sealed class Outbox(TimeProvider clock) : IOutbox
{
    private const string Sql = "INSERT INTO foundation.event (id, type, version, payload, at) VALUES (@Id, @type, @version, @Payload::jsonb, @At)";

    public Task PublishAsync<T>(DbSession session, string type, int version, T payload)
    {
        ArgumentNullException.ThrowIfNull(session);
        return session.ExecuteAsync(Sql, new { Id = TypeId.New(clock), type, version, Payload = JsonSerializer.Serialize(payload, Json.Options), At = clock.GetUtcNow() });
    }

    public Task EraseAsync(DbSession session, Guid eventId)
    {
        ArgumentNullException.ThrowIfNull(session);
        return session.ExecuteAsync("UPDATE foundation.event SET payload = '{}' WHERE id = @eventId", new { eventId });
    }
}
