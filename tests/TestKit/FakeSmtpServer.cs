using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.RegularExpressions;

namespace Tollgate.TestKit;

/// <summary>A mail as a server got it: the envelope, the headers and the decoded parts.</summary>
public sealed record ReceivedMail(string From, string To, IReadOnlyDictionary<string, string> Headers, string Text, string Html, bool Encrypted, string? SignedInAs);

/// <summary>
/// An SMTP server that takes nothing but what RFC 5321 and 5322 allow: commands in their order, lines of at most 998 bytes, headers in ASCII. It offers STARTTLS (or
/// speaks TLS at once), wants a name and password when it is given one, and refuses as it is told.
/// </summary>
public sealed partial class FakeSmtpServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly X509Certificate2? _certificate;
    private readonly bool _implicitTls;
    private readonly string? _account;
    private readonly Task _accepting;

    public FakeSmtpServer(X509Certificate2? certificate = null, bool implicitTls = false, string? account = null)
    {
        (_certificate, _implicitTls, _account) = (certificate, implicitTls, account);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public ConcurrentQueue<ReceivedMail> Received { get; } = new();

    /// <summary>What was wrong with what clients said.</summary>
    public ConcurrentQueue<string> Faults { get; } = new();

    /// <summary>Replies to RCPT TO, one for each to come; then 250.</summary>
    public ConcurrentQueue<string> RecipientReplies { get; } = new();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        _listener.Stop();
        await _accepting.ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token).ConfigureAwait(false);
                _ = ServeAsync(client);
            }
        }
        catch (Exception end) when (end is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        try
        {
            using (client)
            {
                var conversation = new Conversation(this, client.GetStream());
                if (_implicitTls)
                    await conversation.EncryptAsync().ConfigureAwait(false);
                await conversation.RunAsync().ConfigureAwait(false);
            }
        }
        catch (Exception end) when (end is IOException or SocketException or OperationCanceledException or System.Security.Authentication.AuthenticationException)
        {
            // The client went away, which is its right.
        }
    }

    private sealed class Conversation(FakeSmtpServer server, Stream stream)
    {
        private Stream _stream = stream;
        private bool _encrypted;
        private bool _greeted;
        private string? _from;
        private string? _to;
        private string? _account;

        public async Task EncryptAsync()
        {
            var secure = new SslStream(_stream);
            await secure.AuthenticateAsServerAsync(server._certificate!).ConfigureAwait(false);
            _stream = secure;
            _encrypted = true;
            (_greeted, _from, _to) = (false, null, null);
        }

        public async Task RunAsync()
        {
            await SayAsync("220 fake ESMTP").ConfigureAwait(false);
            while (await LineAsync().ConfigureAwait(false) is { } line && line != "QUIT")
                await AnswerAsync(line).ConfigureAwait(false);
        }

        private Task AnswerAsync(string line) => line.Split(' ', ':')[0] switch
        {
            "EHLO" => GreetAsync(),
            "STARTTLS" when server._certificate is not null && !_encrypted => StartTlsAsync(),
            "AUTH" => SignInAsync(line),
            "MAIL" when _greeted && (server._account is null || _account is not null) && MailFrom().Match(line) is { Success: true } match => AcceptAsync(() => _from = match.Groups["address"].Value),
            "RCPT" when _from is not null && RecipientTo().Match(line) is { Success: true } match => RecipientAsync(match.Groups["address"].Value),
            "DATA" when _to is not null => DataAsync(),
            _ => WrongAsync(line),
        };

        private Task GreetAsync()
        {
            _greeted = true;
            var lines = new List<string> { "fake", "8BITMIME" };
            if (server._certificate is not null && !_encrypted)
                lines.Add("STARTTLS");
            if (server._account is not null)
                lines.Add("AUTH LOGIN PLAIN");
            return SayAsync(string.Join("\r\n", lines.Select((line, i) => $"250{(i == lines.Count - 1 ? ' ' : '-')}{line}")));
        }

        private async Task StartTlsAsync()
        {
            await SayAsync("220 go on").ConfigureAwait(false);
            await EncryptAsync().ConfigureAwait(false);
        }

        private Task SignInAsync(string line)
        {
            if (!_encrypted)
                server.Faults.Enqueue("a password without encryption");
            var parts = line.StartsWith("AUTH PLAIN ", StringComparison.Ordinal) ? Encoding.UTF8.GetString(Convert.FromBase64String(line["AUTH PLAIN ".Length..])).Split('\0') : [];
            if (parts.Length != 3 || $"{parts[1]}:{parts[2]}" != server._account)
                return SayAsync("535 who are you");
            _account = parts[1];
            return SayAsync("235 welcome");
        }

        private Task AcceptAsync(Action effect)
        {
            effect();
            return SayAsync("250 fine");
        }

        private Task RecipientAsync(string address)
        {
            if (server.RecipientReplies.TryDequeue(out var reply))
                return SayAsync(reply);
            _to = address;
            return SayAsync("250 fine");
        }

        private async Task DataAsync()
        {
            await SayAsync("354 go on").ConfigureAwait(false);
            var lines = new List<string>();
            while (await LineAsync().ConfigureAwait(false) is { } line && line != ".")
                lines.Add(line.StartsWith('.') ? line[1..] : line);
            server.Received.Enqueue(Parse(lines));
            (_from, _to) = (null, null);
            await SayAsync("250 taken").ConfigureAwait(false);
        }

        private Task WrongAsync(string line)
        {
            server.Faults.Enqueue($"out of order or not understood: {line}");
            return SayAsync("503 no");
        }

        private ReceivedMail Parse(List<string> lines)
        {
            var end = lines.IndexOf("");
            var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
            string? last = null;
            foreach (var line in lines.Take(end))
            {
                if (line.StartsWith(' ') && last is not null)
                    headers[last] += line;
                else if (line.Split(": ", 2) is [var name, var value] && headers.TryAdd(name, value))
                    last = name;
                else
                    server.Faults.Enqueue($"no header: {line}");
            }
            foreach (var needed in (string[])["From", "To", "Subject", "Date", "Message-ID", "MIME-Version"])
                if (!headers.ContainsKey(needed))
                    server.Faults.Enqueue($"no header {needed}");
            var boundary = Boundary().Match(headers.GetValueOrDefault("Content-Type", "")).Groups["boundary"].Value;
            var parts = string.Join('\n', lines.Skip(end + 1)).Split($"--{boundary}");
            return new ReceivedMail(_from!, _to!, headers.ToDictionary(header => header.Key, header => Decoded(header.Value), StringComparer.OrdinalIgnoreCase),
                Body(parts, "text/plain"), Body(parts, "text/html"), _encrypted, _account);
        }

        private static string Body(string[] parts, string type)
        {
            var part = parts.Single(one => one.Contains($"Content-Type: {type}; charset=utf-8\nContent-Transfer-Encoding: base64", StringComparison.Ordinal));
            return Encoding.UTF8.GetString(Convert.FromBase64String(part.Split("\n\n", 2)[1].Replace("\n", "", StringComparison.Ordinal)));
        }

        private static string Decoded(string value) =>
            EncodedWord().Replace(value, match => Encoding.UTF8.GetString(Convert.FromBase64String(match.Groups["text"].Value)));

        private Task SayAsync(string line) => _stream.WriteAsync(Encoding.ASCII.GetBytes(line + "\r\n"), server._stop.Token).AsTask();

        private async Task<string?> LineAsync()
        {
            var line = new List<byte>();
            var one = new byte[1];
            while (await _stream.ReadAsync(one, server._stop.Token).ConfigureAwait(false) == 1)
            {
                if (one[0] == '\n')
                    return Checked([.. line]);
                line.Add(one[0]);
            }
            return null;
        }

        private string Checked(byte[] line)
        {
            if (line.Length is 0 or > 999 || line[^1] != '\r' || line.Any(b => b > 126))
                server.Faults.Enqueue("a line without its end, too long, or not in ASCII");
            return Encoding.ASCII.GetString(line).TrimEnd('\r');
        }
    }

    [GeneratedRegex("^MAIL FROM:<(?<address>[^<>\\s]+)>$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex MailFrom();

    [GeneratedRegex("^RCPT TO:<(?<address>[^<>\\s]+)>$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex RecipientTo();

    [GeneratedRegex("boundary=\"(?<boundary>[^\"]+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Boundary();

    // The space between two encoded words is no part of the text.
    [GeneratedRegex("=\\?utf-8\\?B\\?(?<text>[^?]*)\\?=( (?==\\?))?", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex EncodedWord();
}
