using Tollgate.Foundation;

namespace Tollgate.Messaging.Mail;

/// <summary>Takes a mail out of the outbox into the queue of mails, and leaves nothing of it behind.</summary>
internal abstract class MailIntake(IOutbox outbox, MailStore mails, bool awaited) : IOutboxHandler
{
    public string Name => EventType;

    public string EventType => awaited ? SealedMail.AwaitedEvent : SealedMail.NewsEvent;

    public int MaximumVersion => 1;

    public async Task HandleAsync(DbSession session, OutboxEvent @event)
    {
        var mail = @event.Read<SealedMail>();
        if (mail.Kind != SealedMail.Decoy || mail.Topic is not null)
            await mails.AddAsync(session, @event.Id, mail, awaited, mail.HappenedAt ?? @event.At).ConfigureAwait(false);
        await outbox.EraseAsync(session, @event.Id).ConfigureAwait(false);
    }
}

/// <summary>A handler of its own: however many news wait in the outbox, it has its turn before them.</summary>
internal sealed class AwaitedMailIntake(IOutbox outbox, MailStore mails) : MailIntake(outbox, mails, awaited: true);

internal sealed class NewsIntake(IOutbox outbox, MailStore mails) : MailIntake(outbox, mails, awaited: false);
