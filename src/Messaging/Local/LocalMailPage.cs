using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tollgate.Foundation;

namespace Tollgate.Messaging.Local;

/// <summary>
/// <c>/_api/mails</c>: what would have been sent, for a browser as a page, for a script as JSON (<c>?to=</c> an address). It is there in development only, and
/// answers a browser on this machine that named it by a name of this machine; anybody else is told that there is nothing.
/// </summary>
internal static class LocalMailPage
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/_api/mails", Show)
        .WithName("getLocalMails").AllowAnonymous().ExcludeFromDescription();

    private static IResult Show(HttpContext context, LocalMails mails)
    {
        if (!IsOfThisMachine(context))
            return Problems.Result(Failure.NotFound("page"));
        var shown = mails.To(context.Request.Query["to"] is [{ Length: > 0 } to] ? to : null);
        return context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.Ordinal)
            ? Results.Content(Page(shown), "text/html; charset=utf-8")
            : Results.Json(new LocalMailsResponse([.. shown.Select(mail => new LocalMailResponse(mail.Id, mail.At, mail.Letter.To, mail.Letter.Subject, mail.Letter.Text))]));
    }

    // A name that leads here from elsewhere (DNS rebinding), or a proxy in front, is not this machine.
    private static bool IsOfThisMachine(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address)
        && context.Request.Host.Host is "localhost" or "127.0.0.1" or "[::1]"
        && !context.Request.Headers.ContainsKey("Forwarded") && !context.Request.Headers.ContainsKey("X-Forwarded-For");

    private static string Page(IReadOnlyList<LocalMail> mails)
    {
        var html = new StringBuilder("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Mails</title></head><body><h1>Mails</h1><p>No mail server is configured: what would have been sent is shown here, the newest first, until the program ends.</p>");
        foreach (var mail in mails)
            html.Append("<hr><h2>").Append(Encode(mail.Letter.Subject)).Append("</h2><p>To ").Append(Encode(mail.Letter.To)).Append(", ")
                .Append(mail.At.ToString("HH:mm:ss", CultureInfo.InvariantCulture)).Append(" UTC</p><pre>").Append(Linked(mail.Letter.Text)).Append("</pre>");
        return html.Append(mails.Count == 0 ? "<p>None yet.</p>" : "").Append("</body></html>").ToString();
    }

    private static string Linked(string text) => string.Join('\n', text.Split("\r\n").Select(line => line.StartsWith("http", StringComparison.Ordinal)
        ? $"<a href=\"{Encode(line)}\">{Encode(line)}</a>"
        : Encode(line)));

    private static string Encode(string text) => HtmlEncoder.Default.Encode(text);
}

internal sealed record LocalMailResponse(Guid Id, DateTimeOffset At, string To, string Subject, string Text);

internal sealed record LocalMailsResponse(IReadOnlyList<LocalMailResponse> Data);
