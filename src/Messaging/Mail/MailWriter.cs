using System.Text;
using System.Text.Encodings.Web;
using Tollgate.Identity;

namespace Tollgate.Messaging.Mail;

/// <summary>Makes a letter of a mail: the same words in plain text and in HTML. What people typed is text in both, never markup.</summary>
internal sealed class MailWriter(MailOptions options)
{
    private const string Ignore = "If it was not you, ignore this mail: nothing happens without it.";
    private const string WasItYou = "If it was not you, reset your password now and look at the security page of your account.";

    public Letter Write(AccountMail mail)
    {
        var words = WordsOf(mail);
        var link = mail.Path is { } path ? new Uri(options.PortalUrl, path).AbsoluteUri : null;
        var greeting = mail.Name.Length > 0 ? $"Hello {Plain(mail.Name)}," : "Hello,";
        return new Letter(mail.To, mail.Name, words.Subject, TextOf(greeting, words, mail.Code, link), HtmlOf(greeting, words, mail.Code, link));
    }

    private static Words WordsOf(AccountMail mail)
    {
        string Value(string name) => Plain(mail.Values.GetValueOrDefault(name, ""));
        return mail.Kind switch
        {
            AccountMailKind.VerifyEmail => new("Confirm your e-mail address", "Confirm that this address is yours to publish APIs and to be invited into organizations.", "Confirm the address", "If you did not register, ignore this mail: without you nobody can confirm the address."),
            AccountMailKind.ConfirmNewEmail => new("Confirm your new e-mail address", "You asked to use this address for your account. Until you confirm it, the old one stays.", "Confirm the new address", Ignore),
            AccountMailKind.EmailChangeAsked => new("Your e-mail address is about to change", $"Somebody signed in to your account asked to change its address to {Value("new_email")}.", null, WasItYou),
            AccountMailKind.EmailChanged => new("Your e-mail address was changed", $"Your account now has the address {Value("new_email")}. This address is no longer used.", null, "If it was not you, tell the operator of this installation at once."),
            AccountMailKind.ResetPassword => new("Choose a new password", "You asked for a new password. The link works once, for 10 minutes. A second factor stays as it is.", "Choose a new password", Ignore),
            AccountMailKind.PasswordChanged => new("Your password was changed", "The password of your account is a new one, and all other devices are signed out.", null, WasItYou),
            AccountMailKind.SignIn => new("Sign in", "Type the code where you asked for it, or open the link in the same browser. Both work once, for 10 minutes. Nobody will ever ask you for the code.", "Sign in", Ignore),
            AccountMailKind.SecurityChanged => new("The security of your account was changed", Value("change"), null, WasItYou),
            AccountMailKind.AccountDeleted => new("Your account was deleted", "Your account and its ways to sign in are gone. What was invoiced is kept, as the law asks.", null, "If it was not you, tell the operator of this installation at once."),
            AccountMailKind.Invitation => new($"Join {Value("organization")}", $"{Value("inviter")} invites you into the organization {Value("organization")} as {Value("role")}.", "See the invitation", "If you do not know them, ignore this mail."),
            AccountMailKind.OrganizationSuspended => new($"{Value("organization")} is suspended", $"Those who run this installation have suspended the organization {Value("organization")}. They say why: “{Value("reason")}”. Until they lift it, its APIs are not served and its keys open nothing; what it has is kept.", null, "You can sign in, cancel subscriptions and revoke keys. If you think that it is a mistake, tell the operator of this installation."),
            AccountMailKind.OrganizationUnsuspended => new($"{Value("organization")} is no longer suspended", $"Those who run this installation have lifted the suspension of the organization {Value("organization")}. Its APIs are served and its keys work as before.", null, "There is nothing that you need to do."),
            AccountMailKind.SecondFactorAsked => new($"{Value("organization")} asks for a second factor", $"The organization {Value("organization")} asks a second factor of all its members from now on. Until you have shown yours you see nothing of it, and API tokens that were made without one do nothing there. Add an authenticator app or a passkey to your account, or sign in with the one that you have.", "Open the security of your account", "If you do not want to, leave the organization."),
            _ => throw new InvalidOperationException($"There is no text for mails of the kind {mail.Kind}."),
        };
    }

    private static string TextOf(string greeting, Words words, string? code, string? link)
    {
        var text = new StringBuilder().AppendLine(greeting).AppendLine().AppendLine(words.Body).AppendLine();
        if (code is not null)
            text.Append("    ").AppendLine(code).AppendLine();
        if (link is not null)
            text.Append(words.Verb).AppendLine(":").AppendLine(link).AppendLine();
        return text.AppendLine(words.Otherwise).ToString().ReplaceLineEndings("\r\n");
    }

    private static string HtmlOf(string greeting, Words words, string? code, string? link)
    {
        var html = new StringBuilder("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>").Append(Html(words.Subject)).Append("</title></head>")
            .Append("<body style=\"margin:0;padding:24px;background:#FBFAF8;color:#1B1A17;font:16px/1.5 Inter,Helvetica,Arial,sans-serif\"><div style=\"max-width:480px\">");
        Paragraph(html, greeting);
        Paragraph(html, words.Body);
        if (code is not null)
            html.Append("<p style=\"font:26px/1.2 'JetBrains Mono',Menlo,monospace;letter-spacing:2px\">").Append(Html(code)).Append("</p>");
        if (link is not null)
            html.Append("<p><a style=\"color:#C2410C\" href=\"").Append(Html(link)).Append("\">").Append(Html(words.Verb ?? link)).Append("</a></p>");
        html.Append("<p style=\"color:#6B675F;font-size:13px\">").Append(Html(words.Otherwise)).Append("</p></div></body></html>");
        return html.ToString();
    }

    private static void Paragraph(StringBuilder html, string text) => html.Append("<p>").Append(Html(text)).Append("</p>");

    private static string Html(string text) => HtmlEncoder.Default.Encode(text);

    // A name with a line break or an address in it could write a text of its own.
    private static string Plain(string text)
    {
        var line = new string([.. text.Select(c => char.IsControl(c) ? ' ' : c)]);
        return line.Replace("://", ": //", StringComparison.Ordinal);
    }

    private sealed record Words(string Subject, string Body, string? Verb, string Otherwise);
}
