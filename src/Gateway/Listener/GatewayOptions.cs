using Microsoft.Extensions.Configuration;

namespace Tollgate.Gateway.Listener;

/// <summary>Settings of the data plane, section <c>Gateway</c> and <c>Journal:WhenFull</c>. Read once; a wrong one stops the start.</summary>
internal sealed class GatewayOptions
{
    public GatewayOptions(IConfiguration configuration)
    {
        var section = configuration.GetSection("Gateway");
        Urls = [.. (section["Url"] ?? "http://localhost:8000").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
        ConnectTimeout = Seconds(section, "ConnectTimeoutSeconds", 5);
        IdleTimeout = Seconds(section, "IdleTimeoutSeconds", 600);
        HeaderTime = Seconds(section, "HeaderSeconds", 15);
        KeepAliveTime = Seconds(section, "KeepAliveSeconds", 75);
        SlowClientTime = Seconds(section, "SlowClientSeconds", 10);
        SmallBodyTime = Seconds(section, "SmallBodySeconds", 15);
        DrainTimeout = Seconds(section, "DrainSeconds", 10);
        MaxInFlight = Positive(section, "MaxInFlight", 20_000);
        MaxInFlightPerApi = Positive(section, "MaxInFlightPerApi", 5_000);
        LegacyRateLimitHeaders = section.GetValue("LegacyRateLimitHeaders", defaultValue: true);
        Cors = new HashSet<string>((section["Cors"] ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries), StringComparer.Ordinal);
        HelloPerMinute = Positive(section, "HelloPerMinute", 60);
        UnknownKeysPerMinute = Positive(section, "UnknownKeysPerMinute", 600);
        MetricApis = configuration.GetValue("Metrics:Apis", 200) is var apis and > 0 and <= 10_000 ? apis : throw new InvalidOperationException("Metrics__Apis must be between 1 and 10000.");
        ServeUnmetered = configuration["Journal:WhenFull"] switch
        {
            null or "" or "refuse" => false,
            "serve" => true,
            var other => throw new InvalidOperationException($"Journal__WhenFull: '{other}' is neither refuse nor serve."),
        };
    }

    /// <summary>Addresses to listen on, separated by semicolons. Host <c>localhost</c> means both loopbacks.</summary>
    public IReadOnlyList<string> Urls { get; }

    public bool UsesTls => Urls.Any(url => url.StartsWith("https://", StringComparison.OrdinalIgnoreCase));

    public TimeSpan ConnectTimeout { get; }

    /// <summary>A stream on which neither side sends for so long is ended.</summary>
    public TimeSpan IdleTimeout { get; }

    /// <summary>From a request's first byte to the end of its head.</summary>
    public TimeSpan HeaderTime { get; }

    /// <summary>A connection on which no request comes for so long is closed.</summary>
    public TimeSpan KeepAliveTime { get; }

    /// <summary>A client that takes nothing of its answer for so long is cut off; one that takes less than 1 KiB a second, a little later.</summary>
    public TimeSpan SlowClientTime { get; }

    /// <summary>The whole body of a call to the built-in API must be here within.</summary>
    public TimeSpan SmallBodyTime { get; }

    /// <summary>What a stop waits for calls in flight before it ends them.</summary>
    public TimeSpan DrainTimeout { get; }

    public int MaxInFlight { get; }

    public int MaxInFlightPerApi { get; }

    /// <summary>X-RateLimit-Limit, -Remaining and -Reset beside the structured fields.</summary>
    public bool LegacyRateLimitHeaders { get; }

    /// <summary>APIs (<c>organization/api</c>, or <c>*</c> for all) that browsers of any origin may call: the gateway answers their preflights.</summary>
    public IReadOnlySet<string> Cors { get; }

    /// <summary>Calls a minute that an address may make without a key.</summary>
    public int HelloPerMinute { get; }

    /// <summary>Calls a minute without a key that is known, from one address, before it is answered 429 instead of 401.</summary>
    public int UnknownKeysPerMinute { get; }

    /// <summary>APIs that are shown by name at <c>/metrics</c>; all others are one.</summary>
    public int MetricApis { get; }

    /// <summary>What happens when the journal can take no record: serve without one, or (default) refuse.</summary>
    public bool ServeUnmetered { get; }

    public bool AllowsCors(string api) => Cors.Count > 0 && (Cors.Contains("*") || Cors.Contains(api));

    private static TimeSpan Seconds(IConfiguration section, string name, double fallback)
    {
        var value = section.GetValue(name, fallback);
        return value is > 0 and <= 86_400 ? TimeSpan.FromSeconds(value) : throw new InvalidOperationException($"Gateway__{name} must be between 0 and 86400 seconds.");
    }

    private static int Positive(IConfiguration section, string name, int fallback)
    {
        var value = section.GetValue(name, fallback);
        return value > 0 ? value : throw new InvalidOperationException($"Gateway__{name} must be a positive number.");
    }
}
