using System.Text.Json;
using System.Text.Json.Serialization;
using Tollgate.Foundation;

namespace Tollgate.Gateway.Upstreams;

/// <summary>How calls are shared among the targets of an API.</summary>
internal enum Balancing
{
    /// <summary>In turn, by weight.</summary>
    RoundRobin,

    /// <summary>To the target with the fewest calls in flight, by weight.</summary>
    LeastRequests,
}

/// <summary>One server of an API.</summary>
/// <param name="Url">Absolute http or https address without query and fragment; its path is put before the path of the call.</param>
/// <param name="Weight">Its share, relative to the others.</param>
internal sealed record UpstreamTarget(Uri Url, int Weight);

/// <summary>A question that is asked of each target from time to time, whether calls come or not.</summary>
/// <param name="Path">Below the host of the target's address.</param>
internal sealed record HealthCheck(string Path, int IntervalSeconds, int TimeoutMs, int HealthyAfter, int UnhealthyAfter, int StatusFrom, int StatusTo)
{
    public const int MaximumTimeoutMs = 10_000;

    /// <summary>What was saved may be longer than what is allowed now.</summary>
    [JsonIgnore]
    public TimeSpan Timeout => TimeSpan.FromMilliseconds(Math.Min(TimeoutMs, MaximumTimeoutMs));
}

/// <summary>What calls tell about their target.</summary>
/// <param name="Failures">So many in a row, and the target rests.</param>
/// <param name="CoolOffSeconds">How long; twice as long with each trial that fails.</param>
/// <param name="MaxCoolOffSeconds">At most.</param>
/// <param name="GatewayErrors">Answers of 502, 503 and 504 are failures too.</param>
internal sealed record PassiveHealth(int Failures, int CoolOffSeconds, int MaxCoolOffSeconds, bool GatewayErrors)
{
    public static PassiveHealth Default { get; } = new(Failures: 3, CoolOffSeconds: 10, MaxCoolOffSeconds: 300, GatewayErrors: false);
}

/// <summary>
/// The servers of an API and how calls find one. The database and the node's disk keep it as JSON, so a name here is not changed lightly; what is one
/// address and nothing else is kept as that.
/// </summary>
internal sealed record UpstreamPlan(IReadOnlyList<UpstreamTarget> Targets, Balancing Balancing, HealthCheck? Check, PassiveHealth Passive)
{
    public const int MaximumTargets = 16;

    public static UpstreamPlan Of(Uri upstream) => new([new UpstreamTarget(upstream, 1)], Balancing.RoundRobin, Check: null, PassiveHealth.Default);

    /// <param name="upstreamUrl">The first address.</param>
    /// <param name="json">Null: there is nothing more to it.</param>
    /// <exception cref="JsonException">It is not what <see cref="Write"/> wrote.</exception>
    public static UpstreamPlan Read(string upstreamUrl, string? json)
    {
        if (json is null)
            return Of(new Uri(upstreamUrl));
        return JsonSerializer.Deserialize<UpstreamPlan>(json, Json.Options) is { Targets: { Count: > 0 and <= MaximumTargets } targets, Passive: not null } plan && targets.All(target => target is { Url: not null, Weight: > 0 })
            ? plan
            : throw new JsonException("The upstreams of an API are not complete.");
    }

    [JsonIgnore]
    public string FirstUrl => Targets[0].Url.OriginalString;

    public UpstreamPlan WithFirst(Uri url) => this with { Targets = [Targets[0] with { Url = url }, .. Targets.Skip(1)] };

    /// <summary>Null: the first address says it all.</summary>
    public string? Write() => Targets is [{ Weight: 1 }] && Balancing == Balancing.RoundRobin && Check is null && Passive == PassiveHealth.Default
        ? null
        : JsonSerializer.Serialize(this, Json.Options);
}
