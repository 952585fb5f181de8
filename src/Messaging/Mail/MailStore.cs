using Tollgate.Foundation;
using Tollgate.Identity;

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
    // More of them would make each look dearer; no address gets as many in the time that they take.
    private const int LookedAt = 1000;

    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(2);
    private static readonly string[] Known = Enum.GetNames<AccountMailKind>();

    /// <summary>
    /// Older ones of its topic that are not sent are given up, and where there is a newer one this one is not added. One of the older may be in somebody's hands at this
    /// moment: the new one waits until it is not, or it would be read first and the old one last.
    /// </summary>
    public async Task AddAsync(DbSession session, Guid id, SealedMail mail, bool awaited, DateTimeOffset at)
    {
        const string sql = """
            WITH replaced AS (
              UPDATE messaging.mail SET failed_at = @now, sealed = NULL, failure = 'Newer news took its place.'
              WHERE topic = @Topic AND id <> @id AND created_at <= @at AND sent_at IS NULL AND failed_at IS NULL RETURNING next_attempt_at)
            INSERT INTO messaging.mail (id, kind, sealed, created_at, expires_at, next_attempt_at, awaited, turn, topic, failed_at, failure)
            SELECT @id, @Kind, CASE WHEN @decoy THEN NULL ELSE @Sealed END, @at, @ExpiresAt, greatest(@now, least(@leased, coalesce((SELECT max(next_attempt_at) FROM replaced), @now))),
              @awaited, @Turn, @Topic, CASE WHEN @decoy THEN @now END, CASE WHEN @decoy THEN 'It is not to be sent.' END
            WHERE NOT EXISTS (SELECT FROM messaging.mail n WHERE n.topic = @Topic AND n.id <> @id AND n.created_at > @at)
            ON CONFLICT (id) DO NOTHING
            """;
        // Two at once would not see each other.
        if (mail.Topic is { } topic)
            await session.ExecuteAsync("SELECT pg_advisory_xact_lock(hashtextextended('messaging.topic/' || @topic, 0))", new { topic }).ConfigureAwait(false);
        var (now, decoy) = (clock.GetUtcNow(), mail.Kind == SealedMail.Decoy);
        await session.ExecuteAsync(sql, new { id, mail.Kind, mail.Sealed, at, mail.ExpiresAt, now, leased = now + Lease, awaited, mail.Turn, mail.Topic, decoy }).ConfigureAwait(false);
    }

    /// <summary>
    /// Of one lane, the oldest of each turn first: many mails to one address take one place of those that are sent at once, and hold up nobody else's. One of a kind
    /// that this version has no text for is left to a node that has, until it is of no use.
    /// </summary>
    public Task<IReadOnlyList<WaitingMail>> TakeAsync(bool awaited, int count, CancellationToken cancellation)
    {
        const string sql = """
            WITH due AS (
              SELECT id, next_attempt_at, row_number() OVER (PARTITION BY turn ORDER BY next_attempt_at, id) AS place
              FROM (SELECT id, turn, next_attempt_at FROM messaging.mail
                    WHERE sent_at IS NULL AND failed_at IS NULL AND awaited = @awaited AND next_attempt_at <= @now
                      AND (kind = ANY (@Known) OR expires_at <= @now) ORDER BY next_attempt_at LIMIT @LookedAt) oldest)
            UPDATE messaging.mail m SET attempts = m.attempts + 1, next_attempt_at = @until
            WHERE m.id IN (SELECT w.id FROM messaging.mail w JOIN due ON due.id = w.id
                           WHERE w.sent_at IS NULL AND w.failed_at IS NULL AND w.next_attempt_at <= @now
                           ORDER BY due.place, due.next_attempt_at, w.id LIMIT @count FOR UPDATE OF w SKIP LOCKED)
            RETURNING m.id, m.kind, m.sealed, m.expires_at, m.attempts
            """;
        var now = clock.GetUtcNow();
        return database.AsWorkerAsync(session => session.QueryAsync<WaitingMail>(sql, new { awaited, now, until = now + Lease, count, LookedAt, Known }), cancellation);
    }

    /// <summary>Also one that was given up while it was in hand.</summary>
    public Task SentAsync(Guid id, CancellationToken cancellation) => ExecuteAsync(
        "UPDATE messaging.mail SET sent_at = @now, sealed = NULL, failure = NULL WHERE id = @id", new { id, now = clock.GetUtcNow() }, cancellation);

    public Task FailedAsync(Guid id, string reason, CancellationToken cancellation) => ExecuteAsync(
        "UPDATE messaging.mail SET failed_at = @now, sealed = NULL, failure = @reason WHERE id = @id", new { id, reason, now = clock.GetUtcNow() }, cancellation);

    public Task AgainAsync(Guid id, string reason, DateTimeOffset at, CancellationToken cancellation) => ExecuteAsync(
        "UPDATE messaging.mail SET next_attempt_at = @at, failure = @reason WHERE id = @id", new { id, reason, at }, cancellation);

    private Task<int> ExecuteAsync(string sql, object parameters, CancellationToken cancellation) =>
        database.AsWorkerAsync(session => session.ExecuteAsync(sql, parameters), cancellation);
}
