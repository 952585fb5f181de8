using Tollgate.Foundation;
using Tollgate.Identity;

namespace Tollgate.Metering.Usage;

/// <summary>Whose usage is asked for: a column of the usage tables and its value. <see cref="Kind"/> is null when the caller's membership has settled the right.</summary>
internal sealed record UsageSubject(string Column, Guid Id, string? Kind)
{
    public static Outcome<UsageSubject> Parse(Caller caller, string? subscription, string? api, string? organization, string? side)
    {
        if (new[] { subscription, api, organization }.Count(text => !string.IsNullOrEmpty(text)) > 1)
            return Failure.Invalid("subscription", "ONE_SUBJECT", "Give one of subscription, api and organization.");
        if (side is not (null or "" or "consumer" or "provider"))
            return Failure.Invalid("side", "UNKNOWN_VALUE", "Use consumer or provider.");
        if (!string.IsNullOrEmpty(subscription))
            return TypeId.TryParse(subscription, "sub", out var id) ? new UsageSubject("subscription_id", id, "subscription") : Failure.NotFound("subscription");
        if (!string.IsNullOrEmpty(api))
            return TypeId.TryParse(api, "api", out var id) ? new UsageSubject("api_id", id, "api") : Failure.NotFound("API");
        var membership = caller.Organization(organization, Permission.View);
        return membership.Failure is { } failure
            ? failure
            : new UsageSubject(side == "provider" ? "provider_organization_id" : "organization_id", membership.Value.OrganizationId, null);
    }

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
