using System.Text.Json;
using Tollgate.Foundation;
using Tollgate.Identity;

namespace Tollgate.Messaging.Mail;

/// <summary>A mail in the outbox: ciphertext, and until when it is of use.</summary>
internal sealed record SealedMail(string Kind, byte[] Sealed, DateTimeOffset ExpiresAt)
{
    public const string EventType = "messaging.mail";
    public const string Purpose = "messaging.mail";

    /// <summary>The kind of a mail that only looks like one on its way.</summary>
    public const string Decoy = "Decoy";
}

/// <summary>Puts mails into the outbox, sealed: they are sent when the caller's transaction commits.</summary>
internal sealed class OutboxMailer(IOutbox outbox, ISecretBox secrets, TimeProvider clock) : IAccountMailer
{
    // News that could not be told for a day is told no more.
    private static readonly TimeSpan News = TimeSpan.FromDays(1);

    public Task SendAsync(DbSession session, AccountMail mail)
    {
        ArgumentNullException.ThrowIfNull(mail);
        var plain = JsonSerializer.SerializeToUtf8Bytes(mail, Json.Options);
        return outbox.PublishAsync(session, SealedMail.EventType, 1,
            new SealedMail(mail.IsDecoy ? SealedMail.Decoy : mail.Kind.ToString(), secrets.Seal(SealedMail.Purpose, plain), mail.ExpiresAt ?? clock.GetUtcNow() + News));
    }
}

/// <summary>Takes a mail out of the outbox into the queue of mails, and leaves nothing of it behind.</summary>
internal sealed class MailIntake(IOutbox outbox, MailStore mails) : IOutboxHandler
{
    public string Name => "messaging.mail";

    public string EventType => SealedMail.EventType;

    public int MaximumVersion => 1;

    public async Task HandleAsync(DbSession session, OutboxEvent @event)
    {
        var mail = @event.Read<SealedMail>();
        if (mail.Kind != SealedMail.Decoy)
            await mails.AddAsync(session, @event.Id, mail, @event.At).ConfigureAwait(false);
        await outbox.EraseAsync(session, @event.Id).ConfigureAwait(false);
    }
}
