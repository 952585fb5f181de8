namespace Tollgate.Messaging.Mail;

/// <summary>Hands a letter to a mail server.</summary>
internal interface IMailSender
{
    /// <param name="id">The same for each attempt, so that one that succeeded without our knowing is not repeated where the server can tell.</param>
    /// <param name="letter">What is sent.</param>
    /// <param name="cancellation">Ends the attempt.</param>
    /// <exception cref="MailRefusedException">It will never be taken.</exception>
    Task SendAsync(Guid id, Letter letter, CancellationToken cancellation);
}

/// <summary>The server refused the letter for good; anything else that goes wrong is tried again.</summary>
internal sealed class MailRefusedException(string message) : Exception(message);
