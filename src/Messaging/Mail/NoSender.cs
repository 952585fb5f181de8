namespace Tollgate.Messaging.Mail;

/// <summary>Nothing is configured: each mail waits until it is of no use, and the log says what is missing.</summary>
internal sealed class NoSender : IMailSender
{
    public Task SendAsync(Guid id, Letter letter, CancellationToken cancellation) =>
        throw new InvalidOperationException("No mail server is configured: set Mail__Smtp__Url or Mail__Resend__Key, and Mail__From");
}
