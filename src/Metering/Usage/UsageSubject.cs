using Microsoft.AspNetCore.Mvc;
using Tollgate.Foundation;
using Tollgate.Identity;

namespace Tollgate.Metering.Usage;

/// <summary>Whose usage is asked for: a column of the usage tables and its value. <see cref="Kind"/> is null when the caller's membership has settled the right.</summary>
internal sealed record UsageSubject(string Column, Guid Id, string? Kind)
{
    /// <summary>Row-level security hides foreign rows anyway; this tells a foreign or unknown id (404) from one without usage.</summary>
    public async Task<Failure?> HiddenAsync(DbSession session, IEnumerable<IUsageSubjects> subjects)
    {
        if (Kind is null)
            return null;
        foreach (var subject in subjects)
            if (string.Equals(subject.Kind, Kind, StringComparison.Ordinal) && await subject.IsVisibleAsync(session, Id).ConfigureAwait(false))
                return null;
        return Failure.NotFound(Kind == "api" ? "API" : Kind);
    }
}

/// <summary>At most one of the three; none is the caller's personal organization.</summary>
internal sealed class SubjectParameters : IRequest
{
    [FromQuery(Name = "subscription")]
    public string? Subscription { get; init; }

    [FromQuery(Name = "api")]
    public string? Api { get; init; }

    /// <summary>Id or slug.</summary>
    [FromQuery(Name = "organization")]
    public string? Organization { get; init; }

    /// <summary>With organization: `consumer` (what it used, the default) or `provider` (what its APIs served).</summary>
    [FromQuery(Name = "side")]
    public string? Side { get; init; }

    public void Validate(Errors errors)
    {
        (string Name, string? Value)[] given = [.. new[] { ("subscription", Subscription), ("api", Api), ("organization", Organization) }.Where(one => !string.IsNullOrEmpty(one.Item2))];
        foreach (var (name, _) in given)
            errors.Check(given.Length == 1, name, "ONE_SUBJECT", "Give one of subscription, api and organization.");
        errors.Check(Side is null or "" or "consumer" or "provider", "side", "UNKNOWN_VALUE", "Use consumer or provider.");
    }

    /// <summary>Not found for what is no id of ours, and for an organization that the caller is no member of.</summary>
    public Outcome<UsageSubject> Of(Caller caller)
    {
        if (!string.IsNullOrEmpty(Subscription))
            return TypeId.TryParse(Subscription, "sub", out var id) ? new UsageSubject("subscription_id", id, "subscription") : Failure.NotFound("subscription");
        if (!string.IsNullOrEmpty(Api))
            return TypeId.TryParse(Api, "api", out var id) ? new UsageSubject("api_id", id, "api") : Failure.NotFound("API");
        var membership = caller.Organization(Organization);
        return membership.Failure is { } failure
            ? failure
            : new UsageSubject(Side == "provider" ? "provider_organization_id" : "organization_id", membership.Value.OrganizationId, null);
    }
}
