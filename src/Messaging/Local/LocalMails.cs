using Tollgate.Messaging.Mail;

namespace Tollgate.Messaging.Local;

internal sealed record LocalMail(Guid Id, DateTimeOffset At, Letter Letter);

/// <summary>In development, where no mail server is configured: the last mails stay in memory and are shown on a page of this machine.</summary>
internal sealed class LocalMails(TimeProvider clock) : IMailSender
{
    private const int Kept = 200;

    private readonly Lock _lock = new();
    private readonly LinkedList<LocalMail> _mails = new();

    public Task SendAsync(Guid id, Letter letter, CancellationToken cancellation)
    {
        lock (_lock)
        {
            _mails.AddFirst(new LocalMail(id, clock.GetUtcNow(), letter));
            if (_mails.Count > Kept)
                _mails.RemoveLast();
        }
        return Task.CompletedTask;
    }

    /// <summary>The newest first.</summary>
    public IReadOnlyList<LocalMail> To(string? address)
    {
        lock (_lock)
            return [.. _mails.Where(mail => address is null || mail.Letter.To.Equals(address, StringComparison.OrdinalIgnoreCase))];
    }
}
