using System.Globalization;
using Microsoft.Extensions.Configuration;
using StackExchange.Redis;

namespace Tollgate.Foundation.Redis;

/// <summary><c>Redis__Url</c>: <c>redis://[:password@]host[:port][/database]</c>, or <c>rediss://</c> for TLS.</summary>
internal sealed record RedisSettings(string Host, int Port, string? Password, int Database, bool Tls, TimeSpan Timeout)
{
    public static RedisSettings? From(IConfiguration configuration)
    {
        var text = configuration["Redis:Url"];
        if (string.IsNullOrWhiteSpace(text))
            return null;
        // Never the text itself: it may hold a password.
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("redis" or "rediss") || url.Host.Length == 0)
            throw new InvalidOperationException("Redis__Url is not an address such as redis://:password@host:6379/0 (rediss:// for TLS).");
        var path = url.AbsolutePath.Trim('/');
        var database = 0;
        if (path.Length > 0 && (!int.TryParse(path, NumberStyles.None, CultureInfo.InvariantCulture, out database) || database > 1000))
            throw new InvalidOperationException("Redis__Url: what follows the host must be the number of a database.");
        return new RedisSettings(url.Host.Trim('[', ']'), url.Port > 0 ? url.Port : 6379, PasswordOf(url.UserInfo), database, url.Scheme == "rediss", TimeoutOf(configuration));
    }

    public ConfigurationOptions ToOptions()
    {
        var milliseconds = (int)Timeout.TotalMilliseconds;
        return new ConfigurationOptions
        {
            EndPoints = { { Host, Port } },
            Password = Password,
            DefaultDatabase = Database,
            Ssl = Tls,
            SslHost = Tls ? Host : null,
            ClientName = "tollgate",
            // The server may come later, or go and come back.
            AbortOnConnectFail = false,
            ConnectRetry = 1,
            ConnectTimeout = Math.Max(1000, milliseconds * 4),
            SyncTimeout = milliseconds,
            KeepAlive = 5,
        };
    }

    private static string? PasswordOf(string userInfo)
    {
        var colon = userInfo.IndexOf(':', StringComparison.Ordinal);
        var user = colon < 0 ? "" : Uri.UnescapeDataString(userInfo[..colon]);
        if (user.Length > 0 && user != "default")
            throw new InvalidOperationException("Redis__Url: only the user 'default' can be used.");
        var password = Uri.UnescapeDataString(userInfo[(colon + 1)..]);
        return password.Length == 0 ? null : password;
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
