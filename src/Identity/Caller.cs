using Microsoft.AspNetCore.Http;
using Tollgate.Foundation;

namespace Tollgate.Identity;

public sealed record Membership(Guid OrganizationId, string Slug, string Name, OrganizationRole Role, bool Personal)
{
    /// <summary>Slugs that the organization gave up and that still lead to it.</summary>
    public IReadOnlyList<string> FormerSlugs { get; init; } = [];

    /// <summary>By those who run the installation: it sells nothing until they lift it.</summary>
    public bool Suspended { get; init; }
}

/// <summary>The API token that a request came with, in place of a session.</summary>
/// <param name="OrganizationId">The one organization that it is bound to; null for all of the account's.</param>
public sealed record CallerToken(Guid Id, IReadOnlyCollection<TokenScope> Scopes, Guid? OrganizationId);

/// <summary>
/// The signed-in account of a request. Bind it as a parameter of an endpoint that states its access (<see cref="EndpointAccess"/>): what it answers about an
/// organization is by the permission that is stated there. With an API token of one organization it is a member of no other.
/// </summary>
public sealed record Caller(Guid AccountId, Guid SessionId, string Email, bool IsOperator, IReadOnlyList<Membership> Memberships)
{
    private static readonly object Key = new();

    /// <summary>Null for a session. With a token <see cref="SessionId"/> is empty.</summary>
    public CallerToken? Token { get; init; }

    /// <summary>The account has shown that its address is its own; without that it may do all but publish for others and be invited.</summary>
    public bool EmailVerified { get; init; }

    /// <summary>When this session last showed a password or a factor; null without a session.</summary>
    public DateTimeOffset? AuthenticatedAt { get; init; }

    /// <summary>When this was read from the database; null for a caller that was not.</summary>
    internal DateTimeOffset? LoadedAt { get; init; }

    /// <summary>The context for <see cref="IDatabase.AsAppAsync"/>: all organizations of the account.</summary>
    public TenantContext Tenant => new(AccountId, [.. Memberships.Select(m => m.OrganizationId)]);

    /// <summary>As if the caller were a member only where it has the endpoint's permission: what is hidden by it then does not exist for row-level security.</summary>
    public TenantContext AllowedTenant => new(AccountId, [.. Memberships.Where(m => Refusal(m) is null).Select(m => m.OrganizationId)]);

    public Membership PersonalOrganization => Memberships.First(m => m.Personal);

    internal Permission? Stated { get; init; }

    private Permission Required => Stated ?? throw new InvalidOperationException("The endpoint states no permission (RequirePermission).");

    /// <summary>A member of it with the endpoint's permission.</summary>
    public bool IsAllowed(Guid organizationId) => MemberOf(organizationId) is { } membership && Refusal(membership) is null;

    /// <summary>Null for a member with the endpoint's permission. Else not found for something of a foreign organization, forbidden without the permission.</summary>
    public Failure? Refusal(Guid organizationId, string what) => MemberOf(organizationId) is { } membership ? Refusal(membership) : Failure.NotFound(what);

    /// <summary>
    /// The organization that a request names by id (<c>org_…</c>) or slug, or the personal one when it names none: not found for a foreign
    /// one, forbidden without the endpoint's permission.
    /// </summary>
    public Outcome<Membership> Organization(string? idOrSlug)
    {
        if (MemberOf(idOrSlug) is not { } membership)
            return Failure.NotFound("organization");
        return Refusal(membership) is { } refused ? refused : membership;
    }

    public static void Set(HttpContext context, Caller caller)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(caller);
        context.Items[Key] = caller with { Stated = AccessRequirement.Of(context)?.Permission };
        HttpTenant.Set(context, caller.Tenant);
    }

    /// <summary>Null for a request without a valid session or API token.</summary>
    public static Caller? Of(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Items.TryGetValue(Key, out var value) ? value as Caller : null;
    }

    /// <summary>Parameter binding of minimal APIs.</summary>
    public static ValueTask<Caller?> BindAsync(HttpContext context) => ValueTask.FromResult(Of(context));

    /// <summary>Whatever the endpoint's permission. With an API token of one organization, that one when none is named.</summary>
    internal Membership? MemberOf(string? idOrSlug)
    {
        if (string.IsNullOrEmpty(idOrSlug))
            return Token?.OrganizationId is { } bound ? MemberOf(bound) : Memberships.FirstOrDefault(m => m.Personal);
        return Memberships.FirstOrDefault(m => string.Equals(m.Slug, idOrSlug, StringComparison.Ordinal) || (TypeId.TryParse(idOrSlug, "org", out var id) && m.OrganizationId == id))
            ?? Memberships.FirstOrDefault(m => m.FormerSlugs.Contains(idOrSlug, StringComparer.Ordinal));
    }

    private Membership? MemberOf(Guid organizationId) => Memberships.FirstOrDefault(m => m.OrganizationId == organizationId);

    private Failure? Refusal(Membership membership) => RolePermissions.Allow(membership.Role, Required)
        // What it has it keeps, sees and may end; what it sells stays as it is.
        ? membership.Suspended && Required is Permission.ManageApis or Permission.ReportUsage ? SuspendedOrganization.Refusal : null
        : Failure.Forbidden($"Your role in this organization ({membership.Role.ToString().ToLowerInvariant()}) does not allow this.");
}
