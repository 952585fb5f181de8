using Tollgate.Gateway.Routing;
using Tollgate.Gateway.Upstreams;

namespace Tollgate.Gateway.Apis;

internal enum UpstreamStatus
{
    Healthy,

    /// <summary>Calls failed there; one tries it when its rest is over.</summary>
    Resting,

    /// <summary>Its checks fail.</summary>
    Unhealthy,
}

internal sealed record UpstreamFailureResponse(DateTimeOffset At, TargetFailure Reason, string? Detail);

internal sealed record UpstreamStateResponse(UpstreamStatus Status, DateTimeOffset? RestingUntil, int InFlight, UpstreamFailureResponse? LastFailure);

/// <param name="Url">Its address.</param>
/// <param name="Weight">Its share.</param>
/// <param name="State">As the node that answers sees it; null where that node does not serve the API.</param>
internal sealed record UpstreamTargetResponse(string Url, int Weight, UpstreamStateResponse? State);

internal sealed record ActiveHealthResponse(string Path, int IntervalSeconds, int TimeoutMs, int HealthyAfter, int UnhealthyAfter, int StatusFrom, int StatusTo);

internal sealed record PassiveHealthResponse(int Failures, int CoolOffSeconds, int MaxCoolOffSeconds, bool GatewayErrors);

internal sealed record UpstreamHealthResponse(ActiveHealthResponse? Active, PassiveHealthResponse Passive);

internal sealed record UpstreamsResponse(IReadOnlyList<UpstreamTargetResponse> Targets, Balancing Balancing, UpstreamHealthResponse Health, int Version)
{
    public static UpstreamsResponse From(ApiRow row, ServedApi? served)
    {
        var plan = row.Plan;
        var (check, passive) = (plan.Check, plan.Passive);
        return new UpstreamsResponse(
            [.. plan.Targets.Select(target => new UpstreamTargetResponse(target.Url.OriginalString, target.Weight, StateOf(served, target.Url)))],
            plan.Balancing,
            new UpstreamHealthResponse(
                check is null ? null : new(check.Path, check.IntervalSeconds, check.TimeoutMs, check.HealthyAfter, check.UnhealthyAfter, check.StatusFrom, check.StatusTo),
                new(passive.Failures, passive.CoolOffSeconds, passive.MaxCoolOffSeconds, passive.GatewayErrors)),
            row.Version);
    }

    private static UpstreamStateResponse? StateOf(ServedApi? api, Uri url)
    {
        if (api?.Upstreams.Targets.FirstOrDefault(target => target.Url == url) is not { } target)
            return null;
        var status = target.IsDown ? UpstreamStatus.Unhealthy : target.IsResting ? UpstreamStatus.Resting : UpstreamStatus.Healthy;
        // A target alone is not counted for itself.
        var inFlight = api.Upstreams.Only is null ? target.Health.InFlight : api.InFlight.Count;
        return new UpstreamStateResponse(status, target.RestingUntil, inFlight, target.Health.Last is { } last ? new(last.At, last.Reason, last.Detail) : null);
    }
}
