using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http;
using Tollgate.Gateway.Answers;
using Tollgate.Gateway.Wire;

namespace Tollgate.Gateway.Server;

/// <summary>What the head of a request says of itself, besides its fields.</summary>
internal readonly record struct RequestLine(string Method, string Target, int Minor, RequestFraming Framing);

/// <summary>How its body is framed (RFC 9112 6), and what the connection is to do after it.</summary>
internal readonly record struct RequestFraming(long Length, bool Chunked, bool KeepsAlive, bool Expects, bool AsksToUpgrade)
{
    public bool HasBody => Chunked || Length > 0;
}

/// <summary>
/// The head of a request as RFC 9112 has it, read strictly: what two servers could read differently is refused. Names, values and the usual targets are strings that were
/// made before.
/// </summary>
internal sealed class RequestParser
{
    public const int MostLineBytes = 16 * 1024;
    public const int MostFieldBytes = 32 * 1024;
    private const int MostFields = 100;

    /// <summary>No head is longer.</summary>
    public const int MostBytes = MostLineBytes + MostFieldBytes + 4;

    private static readonly SearchValues<byte> HostBytes =
        SearchValues.Create("!$%&'()*+,-.0123456789:;=ABCDEFGHIJKLMNOPQRSTUVWXYZ[]_abcdefghijklmnopqrstuvwxyz~"u8);

    private static readonly Malformed Malformed = static what => new RequestRefusedException(400, $"The request has {what}.");

    private readonly FieldList _fields = new(MostFields);
    private readonly StringCache _secrets = new(slots: 8);

    /// <summary>Length of the head that stands at the start of what was received, 0 when more must come.</summary>
    /// <exception cref="RequestRefusedException">It cannot become one.</exception>
    public static int Find(ReadOnlySpan<byte> received)
    {
        var end = received.IndexOf("\r\n\r\n"u8);
        var head = end < 0 ? received : received[..(end + 4)];
        var line = head.IndexOf((byte)'\n');
        if ((line < 0 ? head.Length : line) > MostLineBytes)
            throw new RequestRefusedException(414);
        if (line >= 0 && head.Length - line > MostFieldBytes)
            throw new RequestRefusedException(431);
        if (end < 0)
            RefuseWhatCannotEnd(head);
        return end < 0 ? 0 : end + 4;
    }

    /// <param name="head">The whole head.</param>
    /// <param name="headers">Gets the fields.</param>
    /// <exception cref="RequestRefusedException">It is not well formed.</exception>
    public RequestLine Parse(ReadOnlySpan<byte> head, HeaderList headers)
    {
        var end = head.IndexOf("\r\n"u8);
        var line = head[..end];
        var space = line.IndexOf((byte)' ');
        if (space <= 0 || line[..space].ContainsAnyExcept(FieldParser.Token))
            throw new RequestRefusedException(400);
        var method = line[..space];
        var rest = line[(space + 1)..];
        space = rest.IndexOf((byte)' ');
        if (space <= 0)
            throw new RequestRefusedException(400);
        var target = rest[..space];
        var minor = Minor(rest[(space + 1)..]);
        _fields.Clear();
        if (!FieldParser.TryParse(head, end + 2, _fields, Malformed))
            throw new RequestRefusedException(431);
        var name = MethodOf(method);
        CheckTarget(name, target);
        var framing = Copy(head, headers, name, target, minor);
        return new RequestLine(name, StringCache.Shared.Get(target), minor, framing);
    }

    // A line feed or carriage return by itself, or what is no method: nothing that follows can make a request of it.
    private static void RefuseWhatCannotEnd(ReadOnlySpan<byte> received)
    {
        var space = received.IndexOf((byte)' ');
        if ((space < 0 ? received : received[..space]).ContainsAnyExcept(FieldParser.Token))
            throw new RequestRefusedException(400);
        for (var rest = received; rest.IndexOfAny((byte)'\r', (byte)'\n') is >= 0 and var at; rest = rest[(at + 2)..])
        {
            if (rest[at] == '\n' || (at + 1 < rest.Length && rest[at + 1] != '\n'))
                throw new RequestRefusedException(400);
            if (at + 2 > rest.Length)
                return;
        }
    }

    private static int Minor(ReadOnlySpan<byte> version)
    {
        if (version.Length != 8 || !version.StartsWith("HTTP/"u8) || version[6] != '.' || !char.IsAsciiDigit((char)version[5]) || !char.IsAsciiDigit((char)version[7]))
            throw new RequestRefusedException(400);
        return version[5] == '1' && version[7] is (byte)'0' or (byte)'1' ? version[7] - '0' : throw new RequestRefusedException(505);
    }

    private static string MethodOf(ReadOnlySpan<byte> method) => method.Length switch
    {
        3 when method.SequenceEqual("GET"u8) => HttpMethods.Get,
        3 when method.SequenceEqual("PUT"u8) => HttpMethods.Put,
        4 when method.SequenceEqual("POST"u8) => HttpMethods.Post,
        4 when method.SequenceEqual("HEAD"u8) => HttpMethods.Head,
        _ => StringCache.Shared.Get(method),
    };

    private static void CheckTarget(string method, ReadOnlySpan<byte> target)
    {
        if (target.ContainsAnyExceptInRange((byte)'!', (byte)'~'))
            throw new RequestRefusedException(400);
        if (target[0] == '*' && target.Length == 1 && !HttpMethods.IsOptions(method))
            throw new RequestRefusedException(405);
        if (target[0] is not ((byte)'/' or (byte)'*') && !HttpMethods.IsConnect(method) && !IsAbsolute(target))
            throw new RequestRefusedException(400);
        var query = target.IndexOf((byte)'?');
        if ((query < 0 ? target : target[..query]).IndexOf("%00"u8) >= 0)
            throw new RequestRefusedException(400);
    }

    // With a path: a query alone behind the authority is one that others may look for a path in.
    private static bool IsAbsolute(ReadOnlySpan<byte> target)
    {
        var scheme = target.IndexOf("://"u8);
        if (scheme < 0 || !(Is(target[..scheme], "http"u8) || Is(target[..scheme], "https"u8)))
            return false;
        var rest = target[(scheme + 3)..];
        return rest.IndexOfAny((byte)'/', (byte)'?') is var end && (end < 0 || rest[end] == '/');
    }

    private RequestFraming Copy(ReadOnlySpan<byte> head, HeaderList headers, string method, ReadOnlySpan<byte> target, int minor)
    {
        var hosts = 0;
        long? length = null;
        var (chunked, close, keep, upgrade, expects, asks) = (false, false, false, false, false, false);
        foreach (ref readonly var field in _fields.All)
        {
            var name = field.Name(head);
            var value = field.Value(head);
            switch (name.Length)
            {
                case 4 when Is(name, "host"u8):
                    CheckHost(value, target);
                    hosts++;
                    break;
                case 6 when Is(name, "expect"u8):
                    expects = Is(value, "100-continue"u8);
                    break;
                case 7 when Is(name, "upgrade"u8):
                    asks = true;
                    break;
                case 10 when Is(name, "connection"u8):
                    close |= FieldValue.Lists(value, "close"u8);
                    keep |= FieldValue.Lists(value, "keep-alive"u8);
                    upgrade |= FieldValue.Lists(value, "upgrade"u8);
                    break;
                case 14 when Is(name, "content-length"u8):
                    length = length is null ? LengthOf(value) : throw new RequestRefusedException(400);
                    break;
                case 17 when Is(name, "transfer-encoding"u8):
                    chunked = !chunked && minor == 1 && Is(value, "chunked"u8) ? true : throw new RequestRefusedException(400);
                    break;
            }
            // Secrets are not kept where other connections' requests look.
            headers.Append(StringCache.Shared.Get(name), IsSecret(name) ? _secrets.Get(value) : StringCache.Shared.Get(value));
        }
        if (hosts > 1 || (hosts == 0 && minor == 1))
            throw new RequestRefusedException(400);
        // Whoever stood before us may have read it by the other one.
        if (chunked && length is not null)
            throw new RequestRefusedException(Refusals.FramingAmbiguous);
        if (minor == 0 && length is null && (HttpMethods.IsPost(method) || HttpMethods.IsPut(method)))
            throw new RequestRefusedException(411);
        return new RequestFraming(length ?? 0, chunked, !close && (minor == 1 || keep), expects && minor == 1, asks && upgrade && minor == 1 && !chunked && length is null or 0);
    }

    // RFC 9112 3.2.2: of the absolute form both say the same, or one of them is a lie.
    private static void CheckHost(ReadOnlySpan<byte> host, ReadOnlySpan<byte> target)
    {
        if (host.ContainsAnyExcept(HostBytes))
            throw new RequestRefusedException(400);
        var scheme = target[0] == '/' ? -1 : target.IndexOf("://"u8);
        if (scheme < 0)
            return;
        var authority = target[(scheme + 3)..];
        var end = authority.IndexOfAny((byte)'/', (byte)'?');
        if (end >= 0)
            authority = authority[..end];
        if (!Is(WithoutDefaultPort(authority), WithoutDefaultPort(host)))
            throw new RequestRefusedException(400);
    }

    private static ReadOnlySpan<byte> WithoutDefaultPort(ReadOnlySpan<byte> authority) =>
        authority.EndsWith(":80"u8) ? authority[..^3] : authority.EndsWith(":443"u8) ? authority[..^4] : authority;

    private static long LengthOf(ReadOnlySpan<byte> value)
    {
        if (value.Length is 0 or > 18 || value.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
            throw new RequestRefusedException(400);
        long length = 0;
        foreach (var digit in value)
            length = (length * 10) + digit - '0';
        return length;
    }

    private static bool IsSecret(ReadOnlySpan<byte> name) => name.Length switch
    {
        6 => Is(name, "cookie"u8),
        9 => Is(name, "x-api-key"u8),
        13 => Is(name, "authorization"u8),
        19 => Is(name, "proxy-authorization"u8),
        _ => false,
    };

    private static bool Is(ReadOnlySpan<byte> text, ReadOnlySpan<byte> other) => Ascii.EqualsIgnoreCase(text, other);
}

/// <summary>A request that is answered before anything looks at it, and the connection closed.</summary>
internal sealed class RequestRefusedException : Exception
{
    public RequestRefusedException()
        : this(400)
    {
    }

    public RequestRefusedException(string message)
        : this(400, message)
    {
    }

    public RequestRefusedException(string message, Exception innerException)
        : base(message, innerException) => Problem = Refusals.OfServer(400);

    public RequestRefusedException(int status, string? message = null)
        : this(Refusals.OfServer(status), message)
    {
    }

    public RequestRefusedException(Problem problem, string? message = null)
        : base(message ?? problem.Detail) => Problem = problem;

    public Problem Problem { get; }
}
