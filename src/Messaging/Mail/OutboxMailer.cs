using System.Text.Json;
using Tollgate.Foundation;
using Tollgate.Identity;

namespace Tollgate.Messaging.Mail;

/// <summary>Puts mails into the outbox, sealed: they are sent when the caller's transaction commits.</summary>
internal sealed class OutboxMailer(IOutbox outbox, ISecretBox secrets, TimeProvider clock) : IAccountMailer
{
    // News that could not be told for a day is told no more.
    private static readonly TimeSpan News = TimeSpan.FromDays(1);

    public Task SendAsync(DbSession session, AccountMail mail)
    {
        ArgumentNullException.ThrowIfNull(mail);
        var plain = JsonSerializer.SerializeToUtf8Bytes(mail, Json.Options);
        return outbox.PublishAsync(session, SealedMail.EventOf(mail.Kind), 1, new SealedMail(
            mail.IsDecoy ? SealedMail.Decoy : mail.Kind.ToString(), secrets.Seal(SealedMail.Purpose, plain), mail.ExpiresAt ?? clock.GetUtcNow() + News, SealedMail.TurnOf(mail.To), mail.Topic, mail.HappenedAt));
    }
}
