using System.Net;
using System.Net.Mail;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Configuration;
using Tollgate.Foundation;

namespace Tollgate.Messaging.Mail;

/// <summary>Settings: Mail__Smtp__Url, Mail__Resend__Key (and __Url), Mail__From, Mail__ShowLocally, Portal__PublicUrl.</summary>
internal sealed class MailOptions
{
    public MailOptions(IConfiguration configuration)
    {
        SmtpUrl = Setting(configuration, "Mail:Smtp:Url") is { } smtp ? Absolute("Mail__Smtp__Url", smtp, "smtp", "smtps") : null;
        SmtpAuthorities = Setting(configuration, "Mail:Smtp:CertificateAuthority") is { } authority ? AuthoritiesOf(authority) : null;
        ResendKey = Setting(configuration, "Mail:Resend:Key");
        ResendUrl = ResendUrlOf(Setting(configuration, "Mail:Resend:Url") ?? "https://api.resend.com");
        if (SmtpUrl is not null && ResendKey is not null)
            throw new StartupException("Mail__Smtp__Url and Mail__Resend__Key are both set. Mail is sent one way: take one of them away.");
        From = Setting(configuration, "Mail:From") is not { } from
            ? null
            : MailAddress.TryCreate(from, out var address) ? address : throw new StartupException($"Mail__From: '{from}' is no address, such as Tollgate <mail@example.com>.");
        if (IsSending && From is null)
            throw new StartupException("Mail__From is missing: the address that mail comes from, such as Tollgate <mail@example.com>.");
        var control = (Setting(configuration, "Control:Url") ?? "http://localhost:8080").Split(';');
        PortalUrl = Setting(configuration, "Portal:PublicUrl") is { } portal ? Absolute("Portal__PublicUrl", portal, "https", "http") : FirstOf(control);
        // Whoever can reach the page can take over any account: it is for the machine that the program is developed on, and for nothing else.
        ShowsLocally = !IsSending && bool.TryParse(Setting(configuration, "Mail:ShowLocally"), out var show) && show
            && Array.TrueForAll(control, IsLoopback) && !string.Equals(configuration["environment"], "Production", StringComparison.OrdinalIgnoreCase);
    }

    public Uri? SmtpUrl { get; }

    /// <summary>Who signs the SMTP server's certificate; null: whom the machine trusts.</summary>
    public X509Certificate2Collection? SmtpAuthorities { get; }

    public string? ResendKey { get; }

    public Uri ResendUrl { get; }

    public MailAddress? From { get; }

    /// <summary>Where people reach the portal.</summary>
    public Uri PortalUrl { get; }

    public bool IsSending => SmtpUrl is not null || ResendKey is not null;

    public bool ShowsLocally { get; }

    private static X509Certificate2Collection AuthoritiesOf(string path)
    {
        var all = new X509Certificate2Collection();
        try
        {
            all.ImportFromPemFile(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new StartupException($"Mail__Smtp__CertificateAuthority: {path} cannot be read: {exception.Message}", exception);
        }
        return all.Count > 0 ? all : throw new StartupException($"Mail__Smtp__CertificateAuthority: {path} holds no certificate in PEM.");
    }

    private static string? Setting(IConfiguration configuration, string name) => configuration[name] is { Length: > 0 } value ? value : null;

    private static Uri Absolute(string setting, string value, params string[] schemes) =>
        Uri.TryCreate(value, UriKind.Absolute, out var url) && schemes.Contains(url.Scheme, StringComparer.Ordinal) && url.Host.Length > 0
            ? url
            // Never with the value: it may hold a password.
            : throw new StartupException($"{setting} is no address that begins with {string.Join(" or ", schemes.Select(scheme => scheme + "://"))}.");

    // The key and the mails' secrets go there: with TLS, but for a stand-in on this very machine.
    private static Uri ResendUrlOf(string value) => IsLoopback(value) ? Absolute("Mail__Resend__Url", value, "https", "http") : Absolute("Mail__Resend__Url", value, "https");

    private static Uri FirstOf(string[] control) => new(control[0].Replace("0.0.0.0", "localhost", StringComparison.Ordinal)
        .Replace("[::]", "localhost", StringComparison.Ordinal).Replace("://*", "://localhost", StringComparison.Ordinal).Replace("://+", "://localhost", StringComparison.Ordinal));

    private static bool IsLoopback(string url) => Uri.TryCreate(url, UriKind.Absolute, out var address)
        && (address.Host == "localhost" || (IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip)));
}
