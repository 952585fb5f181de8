using System.Globalization;
using System.Net.Mail;
using System.Text;
using Tollgate.Messaging.Mail;

namespace Tollgate.Messaging.Smtp;

/// <summary>A letter as RFC 5322 text: multipart/alternative, everything in base64, so that no line is too long, begins with a dot or depends on 8-bit transport.</summary>
internal static class MimeMessage
{
    private const int LineLength = 76;

    public static string Of(Guid id, MailAddress from, Letter letter, DateTimeOffset at)
    {
        var boundary = $"=_{id:N}";
        return new StringBuilder()
            .Append("From: ").Append(Mailbox(from.DisplayName, from.Address)).Append("\r\n")
            .Append("To: ").Append(Mailbox(letter.Name, letter.To)).Append("\r\n")
            .Append("Subject: ").Append(Encoded(letter.Subject)).Append("\r\n")
            .Append("Date: ").Append(at.UtcDateTime.ToString("ddd, dd MMM yyyy HH:mm:ss", CultureInfo.InvariantCulture)).Append(" +0000\r\n")
            .Append("Message-ID: <").Append(id.ToString("N")).Append('@').Append(from.Host).Append(">\r\n")
            .Append("Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=\"").Append(boundary).Append("\"\r\n\r\n")
            .Append(Part(boundary, "text/plain", letter.Text)).Append(Part(boundary, "text/html", letter.Html))
            .Append("--").Append(boundary).Append("--\r\n").ToString();
    }

    private static string Part(string boundary, string type, string text) =>
        $"--{boundary}\r\nContent-Type: {type}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{Folded(text)}\r\n";

    private static string Folded(string text)
    {
        var base64 = Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
        return string.Join("\r\n", base64.Chunk(LineLength).Select(line => new string(line)));
    }

    private static string Mailbox(string name, string address) => name.Length == 0 ? $"<{address}>" : $"{Encoded(name)} <{address}>";

    // RFC 2047, in pieces of whole characters; a header can so hold no line break, whatever a person is called.
    private static string Encoded(string text)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (Encoding.UTF8.GetByteCount(word.ToString()) + rune.Utf8SequenceLength > 42)
            {
                words.Add(word.ToString());
                word.Clear();
            }
            word.Append(rune.ToString());
        }
        words.Add(word.ToString());
        return string.Join("\r\n ", words.Select(w => $"=?utf-8?B?{Convert.ToBase64String(Encoding.UTF8.GetBytes(w))}?="));
    }
}
