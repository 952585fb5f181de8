using System.Buffers.Binary;
using Tollgate.Foundation;

namespace Tollgate.Identity.Audit;

internal sealed class AuditLog(TimeProvider clock) : IAuditLog
{
    private const string Insert = """
        INSERT INTO identity.audit_entry (id, at, account_id, actor, means, credential, on_behalf_of, client_address, user_agent, request_id,
          action, subject, subject_account_id, organization_id, before, after)
        VALUES (@id, @at, @AccountId, @Name, @means, @Credential, @OnBehalfOf, @address::inet, @UserAgent, @RequestId,
          @Action, @Subject, @subjectAccount, @OrganizationId, @before::jsonb, @after::jsonb)
        """;

    private long _lastMicrosecond;

    public Task WriteAsync(DbSession session, AuditActor actor, AuditChange change)
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(actor);
        ArgumentNullException.ThrowIfNull(change);
        var at = NextMoment();
        return session.ExecuteAsync(Insert, new
        {
            id = IdOf(at),
            at,
            actor.AccountId,
            actor.Name,
            means = AuditText.Of(actor.Means),
            actor.Credential,
            actor.OnBehalfOf,
            address = actor.Address?.ToString(),
            actor.UserAgent,
            actor.RequestId,
            change.Action,
            change.Subject,
            subjectAccount = TypeId.TryParse(change.Subject, "acc", out var account) ? account : (Guid?)null,
            change.OrganizationId,
            before = AuditText.Of(change.Before),
            after = AuditText.Of(change.After),
        });
    }

    // Two entries of one transaction are read in the order in which they were written: each is a microsecond after the one before.
    private DateTimeOffset NextMoment()
    {
        while (true)
        {
            var last = Volatile.Read(ref _lastMicrosecond);
            var next = Math.Max(clock.GetUtcNow().UtcTicks / TimeSpan.TicksPerMicrosecond, last + 1);
            if (Interlocked.CompareExchange(ref _lastMicrosecond, next, last) == last)
                return new DateTimeOffset(next * TimeSpan.TicksPerMicrosecond, TimeSpan.Zero);
        }
    }

    // RFC 9562, 6.2, method 3: the microseconds stand where UUIDv7 has its first random bits.
    private static Guid IdOf(DateTimeOffset at)
    {
        Span<byte> bytes = stackalloc byte[16];
        Guid.CreateVersion7(at).TryWriteBytes(bytes, bigEndian: true, out _);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[6..], (ushort)(0x7000 | (at.UtcTicks / TimeSpan.TicksPerMicrosecond % 1000)));
        return new Guid(bytes, bigEndian: true);
    }
}
