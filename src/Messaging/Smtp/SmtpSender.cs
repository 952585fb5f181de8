using System.Net;
using System.Net.Mail;
using System.Text;
using Tollgate.Messaging.Mail;

namespace Tollgate.Messaging.Smtp;

/// <summary>
/// Hands letters to an SMTP server: <c>smtp://user:password@host:587</c> with STARTTLS, <c>smtps://…:465</c> with TLS from the first byte. Without TLS mail goes to a
/// server on this machine only; a name and a password never.
/// </summary>
internal sealed class SmtpSender(MailOptions options, TimeProvider clock) : IMailSender
{
    private readonly Uri _url = options.SmtpUrl!;
    private readonly MailAddress _from = options.From!;

    public async Task SendAsync(Guid id, Letter letter, CancellationToken cancellation)
    {
        var implicitTls = _url.Scheme == "smtps";
        var port = _url.Port > 0 ? _url.Port : implicitTls ? 465 : 587;
        var connection = await SmtpConnection.OpenAsync(_url.Host, port, implicitTls, options.SmtpAuthorities, cancellation).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            await connection.ReplyAsync(2, cancellation).ConfigureAwait(false);
            var abilities = await GreetAsync(connection, implicitTls, cancellation).ConfigureAwait(false);
            await TransferAsync(connection, id, letter, abilities, cancellation).ConfigureAwait(false);
            // The mail is accepted; how the conversation ends is of no consequence, and waiting for it could repeat the mail.
            await connection.SendAsync("QUIT\r\n", cancellation).ConfigureAwait(false);
        }
    }

    private async Task<IReadOnlyList<string>> GreetAsync(SmtpConnection connection, bool secure, CancellationToken cancellation)
    {
        var hello = $"EHLO {_from.Host}";
        var abilities = await connection.AskAsync(hello, 2, cancellation).ConfigureAwait(false);
        if (!secure && Has(abilities, "STARTTLS"))
        {
            await connection.AskAsync("STARTTLS", 2, cancellation).ConfigureAwait(false);
            await connection.SecureAsync(cancellation).ConfigureAwait(false);
            abilities = await connection.AskAsync(hello, 2, cancellation).ConfigureAwait(false);
            secure = true;
        }
        if (!secure && (!IsThisMachine() || _url.UserInfo.Length > 0))
            throw new IOException("The mail server offers no encryption (STARTTLS); nothing was sent.");
        if (_url.UserInfo.Length > 0)
            await SignInAsync(connection, abilities, cancellation).ConfigureAwait(false);
        return abilities;
    }

    // A wrong password is the operator's to mend, no fault of the mail: it is tried again.
    private async Task SignInAsync(SmtpConnection connection, IReadOnlyList<string> abilities, CancellationToken cancellation)
    {
        var parts = _url.UserInfo.Split(':', 2);
        var (user, password) = (Uri.UnescapeDataString(parts[0]), parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : "");
        var ways = abilities.FirstOrDefault(ability => ability.StartsWith("AUTH ", StringComparison.OrdinalIgnoreCase)) ?? "";
        try
        {
            if (ways.Contains(" PLAIN", StringComparison.OrdinalIgnoreCase))
            {
                await connection.AskAsync($"AUTH PLAIN {Base64($"\0{user}\0{password}")}", 2, cancellation).ConfigureAwait(false);
                return;
            }
            await connection.AskAsync("AUTH LOGIN", 3, cancellation).ConfigureAwait(false);
            await connection.AskAsync(Base64(user), 3, cancellation).ConfigureAwait(false);
            await connection.AskAsync(Base64(password), 2, cancellation).ConfigureAwait(false);
        }
        catch (MailRefusedException refused)
        {
            throw new IOException(refused.Message, refused);
        }
    }

    private async Task TransferAsync(SmtpConnection connection, Guid id, Letter letter, IReadOnlyList<string> abilities, CancellationToken cancellation)
    {
        var international = !Ascii.IsValid(letter.To);
        if (letter.To.AsSpan().IndexOfAny("\r\n<> ") >= 0 || (international && !Has(abilities, "SMTPUTF8")))
            throw new MailRefusedException("The mail server cannot take this address.");
        await connection.AskAsync($"MAIL FROM:<{_from.Address}>{(international ? " SMTPUTF8" : "")}", 2, cancellation).ConfigureAwait(false);
        await connection.AskAsync($"RCPT TO:<{letter.To}>", 2, cancellation).ConfigureAwait(false);
        await connection.AskAsync("DATA", 3, cancellation).ConfigureAwait(false);
        // No line of it begins with a dot: see MimeMessage.
        await connection.AskAsync(MimeMessage.Of(id, _from, letter, clock.GetUtcNow()) + ".", 2, cancellation).ConfigureAwait(false);
    }

    private bool IsThisMachine() => _url.Host == "localhost" || (IPAddress.TryParse(_url.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));

    private static bool Has(IReadOnlyList<string> abilities, string name) => abilities.Any(ability => ability.Split(' ')[0].Equals(name, StringComparison.OrdinalIgnoreCase));

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
