using Microsoft.AspNetCore.Http;
using Tollgate.Foundation;

namespace Tollgate.Identity;

public sealed record Membership(Guid OrganizationId, string Slug, string Name, OrganizationRole Role, bool Personal)
{
    /// <summary>Slugs that the organization gave up and that still lead to it.</summary>
    public IReadOnlyList<string> FormerSlugs { get; init; } = [];

    /// <summary>By those who run the installation: it sells nothing until they lift it.</summary>
    public bool Suspended { get; init; }

    /// <summary>A second factor is asked of its members, and this session or API token has none to show: everything of the organization is withheld.</summary>
    public bool SecondFactorMissing { get; init; }
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

    /// <summary>The account has a second factor.</summary>
    internal bool HasSecondFactor { get; init; }

    /// <summary>It has one, and this session has shown it, or the API token was made in one that had.</summary>
    internal bool SecondFactorShown { get; init; }

    /// <summary>The installation asks a second factor of operators, and this session has none to show.</summary>
    internal bool OperatorFactorMissing { get; init; }

    /// <summary>The installation asks a second factor of everybody.</summary>
    internal bool SecondFactorOfEverybody { get; init; }

    /// <summary>What an organization is to this caller that asks for a second factor, or does not.</summary>
    internal bool LacksSecondFactor(bool asked) => (asked || SecondFactorOfEverybody) && !SecondFactorShown;

    /// <summary>There is a second factor, one is asked for somewhere, and it was not shown.</summary>
    internal bool HidesFactor => HasSecondFactor && !SecondFactorShown && (OperatorFactorMissing || Memberships.Any(m => m.SecondFactorMissing));

    /// <summary>When this was read from the database; null for a caller that was not.</summary>
    internal DateTimeOffset? LoadedAt { get; init; }

    /// <summary>
    /// The context for <see cref="IDatabase.AsAppAsync"/>: all organizations of the account, but those that ask for a second factor which was not shown. Nothing of these is
    /// there for row-level security, whatever an endpoint asks or forgets to ask (<see cref="WithheldOrganizations"/> tells why).
    /// </summary>
    public TenantContext Tenant => new(AccountId, [.. Memberships.Where(m => !IsWithheld(m)).Select(m => m.OrganizationId)]);

    /// <summary>The organizations that are no tenants of this request, since no second factor was shown.</summary>
    internal Guid[] Withheld => [.. Memberships.Where(IsWithheld).Select(m => m.OrganizationId)];

    /// <summary>As if the caller were a member only where it has the endpoint's permission: what is hidden by it then does not exist for row-level security.</summary>
    public TenantContext AllowedTenant => new(AccountId, [.. Memberships.Where(m => Refusal(m) is null).Select(m => m.OrganizationId)]);

    public Membership PersonalOrganization => Memberships.First(m => m.Personal);

    internal AccessRequirement? Stated { get; init; }

    private Permission Required => Stated?.Permission ?? throw new InvalidOperationException("The endpoint states no permission (RequirePermission).");

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

    /// <summary>For a field that an endpoint shows to some of those who may call it: a member who has another permission too, by a session or an API token with its scope.</summary>
    internal bool MayAlso(Membership membership, Permission permission) => RolePermissions.Allow(membership.Role, permission)
        && (Token is not { } token || (TokenScopes.Of(permission) is { } scope && TokenScopes.Include(token.Scopes, scope)));

    public static void Set(HttpContext context, Caller caller)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(caller);
        context.Items[Key] = caller with { Stated = AccessRequirement.Of(context) };
        HttpTenant.Set(context, Of(context)!.Tenant);
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

    /// <summary>Null for an operator who may act as one.</summary>
    internal Failure? OperatorRefusal => !IsOperator ? Failure.Forbidden("This is for those who run this installation.") : OperatorFactorMissing ? AccountConditions.SecondFactorRequired : null;

    private bool IsWithheld(Membership membership) => membership.SecondFactorMissing && Stated is not { WithoutSecondFactor: true };

    private Failure? Refusal(Membership membership) => IsWithheld(membership) ? AccountConditions.SecondFactorRequired : RolePermissions.Allow(membership.Role, Required)
        // What it has it keeps, sees and may end; what it sells stays as it is.
        ? membership.Suspended && Required is Permission.ManageApis or Permission.ReportUsage ? SuspendedOrganization.Refusal : null
        : Failure.Forbidden($"Your role in this organization ({membership.Role.ToString().ToLowerInvariant()}) does not allow this.");
}
