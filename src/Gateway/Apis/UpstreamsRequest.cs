using Tollgate.Foundation;
using Tollgate.Gateway.Upstreams;

namespace Tollgate.Gateway.Apis;

internal sealed class UpstreamTargetBody
{
    public string? Url { get; init; }

    public int? Weight { get; init; }
}

internal sealed class ActiveHealthBody
{
    public string? Path { get; init; }

    public int? IntervalSeconds { get; init; }

    public int? TimeoutMs { get; init; }

    public int? HealthyAfter { get; init; }

    public int? UnhealthyAfter { get; init; }

    public int? StatusFrom { get; init; }

    public int? StatusTo { get; init; }
}

internal sealed class PassiveHealthBody
{
    public int? Failures { get; init; }

    public int? CoolOffSeconds { get; init; }

    public int? MaxCoolOffSeconds { get; init; }

    public bool? GatewayErrors { get; init; }
}

internal sealed class UpstreamHealthBody
{
    /// <summary>Without it no target is asked.</summary>
    public ActiveHealthBody? Active { get; init; }

    public PassiveHealthBody? Passive { get; init; }
}

/// <summary>The whole of it: what is absent has its default.</summary>
internal sealed class UpstreamsRequest : IRequest
{
    private const int MaximumWeight = 100;
    private const int MaximumPath = 200;

    public IReadOnlyList<UpstreamTargetBody?>? Targets { get; init; }

    public string? Balancing { get; init; }

    public UpstreamHealthBody? Health { get; init; }

    public void Validate(Errors errors)
    {
        errors.Check(Targets is { Count: > 0 }, "targets", "REQUIRED", "An API needs at least one upstream.");
        errors.Check(Targets is null or { Count: <= UpstreamPlan.MaximumTargets }, "targets", "TOO_MANY", $"At most {UpstreamPlan.MaximumTargets} upstreams are allowed.");
        var urls = new HashSet<Uri>();
        foreach (var (index, target) in (Targets ?? []).Take(UpstreamPlan.MaximumTargets).Index())
        {
            UpstreamUrl.Validate(errors, $"targets[{index}].url", target?.Url);
            errors.Check(!Uri.TryCreate(target?.Url?.Trim(), UriKind.Absolute, out var url) || urls.Add(url), $"targets[{index}].url", "DUPLICATE", "This address is in the list twice. Give it a larger weight instead.");
            Range(errors, $"targets[{index}].weight", target?.Weight, 1, MaximumWeight);
        }
        errors.Check(Balancing is null || BalancingOf(Balancing) is not null, "balancing", "UNKNOWN_VALUE", "One of round_robin, least_requests.");
        if (Health?.Active is { } active)
            Validate(errors, active);
        if (Health?.Passive is { } passive)
            Validate(errors, passive);
    }

    public UpstreamPlan ToPlan() => new(
        [.. Targets!.Select(target => new UpstreamTarget(new Uri(target!.Url!.Trim()), target.Weight ?? 1))], BalancingOf(Balancing) ?? Upstreams.Balancing.RoundRobin,
        Health?.Active is { } a ? new HealthCheck(a.Path!, a.IntervalSeconds ?? 10, a.TimeoutMs ?? 2000, a.HealthyAfter ?? 2, a.UnhealthyAfter ?? 3, a.StatusFrom ?? 200, a.StatusTo ?? 399) : null,
        Passive(Health?.Passive));

    private static PassiveHealth Passive(PassiveHealthBody? body)
    {
        var fallback = PassiveHealth.Default;
        var coolOff = body?.CoolOffSeconds ?? fallback.CoolOffSeconds;
        return new PassiveHealth(body?.Failures ?? fallback.Failures, coolOff, body?.MaxCoolOffSeconds ?? Math.Max(coolOff, fallback.MaxCoolOffSeconds), body?.GatewayErrors ?? fallback.GatewayErrors);
    }

    private static void Validate(Errors errors, ActiveHealthBody active)
    {
        const string path = "health.active";
        errors.Text($"{path}.path", active.Path, 1, MaximumPath);
        errors.Check(string.IsNullOrWhiteSpace(active.Path) || (active.Path[0] == '/' && active.Path.All(c => c is > ' ' and < '\x7f' and not '#')), $"{path}.path", "PATH_INVALID",
            "A path begins with a slash and has no spaces; a query may follow.");
        Range(errors, $"{path}.interval_seconds", active.IntervalSeconds, 1, 3600);
        Range(errors, $"{path}.timeout_ms", active.TimeoutMs, 100, HealthCheck.MaximumTimeoutMs);
        Range(errors, $"{path}.healthy_after", active.HealthyAfter, 1, 10);
        Range(errors, $"{path}.unhealthy_after", active.UnhealthyAfter, 1, 10);
        Range(errors, $"{path}.status_from", active.StatusFrom, 200, 599);
        Range(errors, $"{path}.status_to", active.StatusTo, 200, 599);
        errors.Check((active.StatusFrom ?? 200) <= (active.StatusTo ?? 399), $"{path}.status_to", "OUT_OF_RANGE", "The last expected status is not below the first.");
    }

    private static void Validate(Errors errors, PassiveHealthBody passive)
    {
        const string path = "health.passive";
        Range(errors, $"{path}.failures", passive.Failures, 1, 100);
        Range(errors, $"{path}.cool_off_seconds", passive.CoolOffSeconds, 1, 3600);
        Range(errors, $"{path}.max_cool_off_seconds", passive.MaxCoolOffSeconds, 1, 3600);
        errors.Check(passive.MaxCoolOffSeconds is null || passive.MaxCoolOffSeconds >= (passive.CoolOffSeconds ?? PassiveHealth.Default.CoolOffSeconds), $"{path}.max_cool_off_seconds", "OUT_OF_RANGE",
            "The longest cool-off is not shorter than the first.");
    }

    private static void Range(Errors errors, string path, int? value, int min, int max) =>
        errors.Check(value is null || (value >= min && value <= max), path, "OUT_OF_RANGE", $"A whole number between {min} and {max}.");

    private static Balancing? BalancingOf(string? text) => text switch
    {
        "round_robin" => Upstreams.Balancing.RoundRobin,
        "least_requests" => Upstreams.Balancing.LeastRequests,
        _ => null,
    };
}
