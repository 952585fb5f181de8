using Tollgate.Foundation;

namespace Tollgate.Messaging.Mail;

internal sealed class WaitingMail
{
    public Guid Id { get; init; }

    public string Kind { get; init; } = "";

    public byte[] Sealed { get; init; } = [];

    public DateTimeOffset ExpiresAt { get; init; }

    public int Attempts { get; init; }
}

/// <summary>The queue of mails. One that is taken is nobody else's for two minutes; a node that dies with it in hand delays it, and may repeat it.</summary>
internal sealed class MailStore(IDatabase database, TimeProvider clock)
{
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(2);

    public Task AddAsync(DbSession session, Guid id, SealedMail mail, DateTimeOffset at)
    {
        const string sql = """
            INSERT INTO messaging.mail (id, kind, sealed, created_at, expires_at, next_attempt_at) VALUES (@id, @Kind, @Sealed, @at, @ExpiresAt, @now)
            ON CONFLICT (id) DO NOTHING
            """;
        return session.ExecuteAsync(sql, new { id, mail.Kind, mail.Sealed, at, mail.ExpiresAt, now = clock.GetUtcNow() });
    }

    public Task<IReadOnlyList<WaitingMail>> TakeAsync(int count, CancellationToken cancellation)
    {
        const string sql = """
            UPDATE messaging.mail m SET attempts = m.attempts + 1, next_attempt_at = @until
            WHERE m.id IN (SELECT id FROM messaging.mail WHERE sent_at IS NULL AND failed_at IS NULL AND next_attempt_at <= @now
                           ORDER BY next_attempt_at LIMIT @count FOR UPDATE SKIP LOCKED)
            RETURNING m.id, m.kind, m.sealed, m.expires_at, m.attempts
            """;
        var now = clock.GetUtcNow();
        return database.AsWorkerAsync(session => session.QueryAsync<WaitingMail>(sql, new { now, until = now + Lease, count }), cancellation);
    }

    public Task SentAsync(Guid id, CancellationToken cancellation) => ExecuteAsync(
        "UPDATE messaging.mail SET sent_at = @now, sealed = NULL, failure = NULL WHERE id = @id", new { id, now = clock.GetUtcNow() }, cancellation);

    public Task FailedAsync(Guid id, string reason, CancellationToken cancellation) => ExecuteAsync(
        "UPDATE messaging.mail SET failed_at = @now, sealed = NULL, failure = @reason WHERE id = @id", new { id, reason, now = clock.GetUtcNow() }, cancellation);

    public Task AgainAsync(Guid id, string reason, DateTimeOffset at, CancellationToken cancellation) => ExecuteAsync(
        "UPDATE messaging.mail SET next_attempt_at = @at, failure = @reason WHERE id = @id", new { id, reason, at }, cancellation);

    private Task<int> ExecuteAsync(string sql, object parameters, CancellationToken cancellation) =>
        database.AsWorkerAsync(session => session.ExecuteAsync(sql, parameters), cancellation);
}
