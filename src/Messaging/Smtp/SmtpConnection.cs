using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.RegularExpressions;
using Tollgate.Messaging.Mail;

namespace Tollgate.Messaging.Smtp;

/// <summary>One conversation with an SMTP server (RFC 5321): lines out, replies in. A reply of 5xx refuses for good, 4xx for now.</summary>
internal sealed partial class SmtpConnection(string host, X509Certificate2Collection? authorities, Stream stream) : IAsyncDisposable
{
    private const int LongestReply = 16 * 1024;

    private Stream _stream = stream;
    private StreamReader _reader = Reader(stream);

    public static async Task<SmtpConnection> OpenAsync(string host, int port, bool tls, X509Certificate2Collection? authorities, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(host, port, cancellation).ConfigureAwait(false);
            var connection = new SmtpConnection(host, authorities, new NetworkStream(socket, ownsSocket: true));
            if (tls)
                await connection.SecureAsync(cancellation).ConfigureAwait(false);
            return connection;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>From here on the conversation is encrypted, with a certificate of the host's name that the machine trusts.</summary>
    public async Task SecureAsync(CancellationToken cancellation)
    {
        var secure = new SslStream(_stream);
        var options = new SslClientAuthenticationOptions { TargetHost = host, EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13 };
        if (authorities is not null)
        {
            options.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }
        await secure.AuthenticateAsClientAsync(options, cancellation).ConfigureAwait(false);
        // What the reader holds came before the encryption and must not be taken for an answer in it: the old reader goes with what it has.
        _stream = secure;
        _reader = Reader(secure);
    }

    /// <summary>Sends a line and expects a reply of this kind; answers its lines.</summary>
    public async Task<IReadOnlyList<string>> AskAsync(string line, int kind, CancellationToken cancellation)
    {
        await SendAsync(line + "\r\n", cancellation).ConfigureAwait(false);
        return await ReplyAsync(kind, cancellation).ConfigureAwait(false);
    }

    public async Task SendAsync(string text, CancellationToken cancellation)
    {
        await _stream.WriteAsync(Encoding.UTF8.GetBytes(text), cancellation).ConfigureAwait(false);
        await _stream.FlushAsync(cancellation).ConfigureAwait(false);
    }

    public async Task<IReadOnlyList<string>> ReplyAsync(int kind, CancellationToken cancellation)
    {
        var lines = new List<string>();
        var length = 0;
        while (true)
        {
            var line = await _reader.ReadLineAsync(cancellation).ConfigureAwait(false) ?? throw new IOException("The mail server closed the connection.");
            if ((length += line.Length) > LongestReply || line.Length < 3 || !int.TryParse(line.AsSpan(0, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var code))
                throw new IOException("What answers there is no mail server.");
            lines.Add(line.Length > 4 ? line[4..] : "");
            if (line.Length > 3 && line[3] == '-')
                continue;
            if (code / 100 == kind)
                return lines;
            // The codes alone: servers like to repeat the address in their words, and no log or table of ours is the place for it.
            var said = $"The mail server answered {code} {EnhancedStatus().Match(lines[^1]).Value}".Trim();
            throw code / 100 == 5 ? new MailRefusedException(said) : new IOException(said);
        }
    }

    public ValueTask DisposeAsync()
    {
        _reader.Dispose();
        return _stream.DisposeAsync();
    }

    // RFC 3463.
    [GeneratedRegex(@"^[245]\.[0-9]{1,3}\.[0-9]{1,3}(?= |$)", RegexOptions.CultureInvariant, 100)]
    private static partial Regex EnhancedStatus();

    private static StreamReader Reader(Stream stream) => new(stream, Encoding.UTF8, detectEncodingFromByteOrderMarks: false, bufferSize: 1024, leaveOpen: true);
}
