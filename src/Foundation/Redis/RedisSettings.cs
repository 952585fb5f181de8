using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Configuration;

namespace Tollgate.Foundation.Redis;

/// <summary>
/// <c>Redis__Url</c>: <c>redis://[user:password@]host[:port][,host[:port]…][/database]</c>, or <c>rediss://</c> for TLS. Several addresses are those of one primary and its replicas.
/// </summary>
internal sealed record RedisSettings(IReadOnlyList<RedisAddress> Addresses, TimeSpan Timeout)
{
    private const int DefaultPort = 6379;

    public string? User { get; init; }

    public string? Password { get; init; }

    public int Database { get; init; }

    public bool Tls { get; init; }

    /// <summary>Who signs the servers' certificates; null: whom the machine trusts.</summary>
    public X509Certificate2Collection? Authorities { get; init; }

    /// <summary>This node's own, for servers that ask for one.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>What a connection may take until it can be used.</summary>
    public TimeSpan ConnectTimeout => TimeSpan.FromMilliseconds(Math.Max(1000, Timeout.TotalMilliseconds * 4));

    public static RedisSettings? From(IConfiguration configuration)
    {
        var text = configuration["Redis:Url"];
        if (string.IsNullOrWhiteSpace(text))
            return null;
        var (tls, rest) = Cut(text, "redis://", "rediss://");
        // The last one: what stands before it may hold any character.
        var at = rest.LastIndexOf('@');
        var (user, password) = CredentialsOf(at < 0 ? "" : rest[..at]);
        var hosts = rest[(at + 1)..];
        var slash = hosts.IndexOf('/', StringComparison.Ordinal);
        var database = slash < 0 ? 0 : DatabaseOf(hosts[(slash + 1)..]);
        return new RedisSettings([.. (slash < 0 ? hosts : hosts[..slash]).Split(',').Select(AddressOf)], TimeoutOf(configuration))
        {
            User = user,
            Password = password,
            Database = database,
            Tls = tls,
            Authorities = AuthoritiesOf(configuration["Redis:CertificateAuthority"]),
            Certificate = CertificateOf(configuration["Redis:Certificate"], configuration["Redis:CertificateKey"]),
        };
    }

    private static (bool Tls, string Tail) Cut(string text, string plain, string tls)
    {
        if (text.StartsWith(plain, StringComparison.OrdinalIgnoreCase))
            return (false, text[plain.Length..]);
        return text.StartsWith(tls, StringComparison.OrdinalIgnoreCase) ? (true, text[tls.Length..]) : throw NoAddress();
    }

    private static RedisAddress AddressOf(string text)
    {
        // As in any address: an IPv6 literal stands in brackets.
        if (!Uri.TryCreate("tcp://" + text.Trim(), UriKind.Absolute, out var url) || url.Host.Length == 0 || url.PathAndQuery.Trim('/').Length > 0)
            throw NoAddress();
        return new RedisAddress(url.Host.Trim('[', ']'), url.Port > 0 ? url.Port : DefaultPort);
    }

    // Never the text itself: it may hold a password.
    private static InvalidOperationException NoAddress() => new("Redis__Url is not an address such as redis://user:password@host:6379/0 (rediss:// for TLS, several hosts with commas between).");

    private static int DatabaseOf(string text) => text.Length == 0 ? 0
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var database) && database <= 1000 ? database
        : throw new InvalidOperationException("Redis__Url: what follows the host must be the number of a database.");

    private static (string? User, string? Password) CredentialsOf(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var user = colon <= 0 ? null : Uri.UnescapeDataString(text[..colon]);
        var password = Uri.UnescapeDataString(text[(colon + 1)..]);
        return password.Length == 0 ? (null, null) : (user, password);
    }

    private static X509Certificate2Collection? AuthoritiesOf(string? path)
    {
        if (string.IsNullOrWhiteSpace(path))
            return null;
        var all = new X509Certificate2Collection();
        try
        {
            all.ImportFromPemFile(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException)
        {
            throw new InvalidOperationException($"Redis__CertificateAuthority: {path} cannot be read: {exception.Message}", exception);
        }
        return all.Count > 0 ? all : throw new InvalidOperationException($"Redis__CertificateAuthority: {path} holds no certificate in PEM.");
    }

    private static X509Certificate2? CertificateOf(string? path, string? key)
    {
        if (string.IsNullOrWhiteSpace(path))
            return null;
        try
        {
            return X509Certificate2.CreateFromPemFile(path, string.IsNullOrWhiteSpace(key) ? path : key);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException)
        {
            throw new InvalidOperationException($"Redis__Certificate: {path} and Redis__CertificateKey cannot be used: {exception.Message}", exception);
        }
    }

    private static TimeSpan TimeoutOf(IConfiguration configuration)
    {
        var milliseconds = 250;
        if (configuration["Redis:TimeoutMilliseconds"] is { Length: > 0 } text
            && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out milliseconds) || milliseconds is < 10 or > 10_000))
            throw new InvalidOperationException("Redis__TimeoutMilliseconds must be between 10 and 10000.");
        return TimeSpan.FromMilliseconds(milliseconds);
    }
}

internal sealed record RedisAddress(string Host, int Port)
{
    public override string ToString() => $"{Host}:{Port.ToString(CultureInfo.InvariantCulture)}";
}
