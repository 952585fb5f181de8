using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Tollgate.Foundation;
using Tollgate.Identity.Access;

namespace Tollgate.Identity;

/// <summary>
/// Who may call an endpoint, stated where it is mapped. The statement is what enforces: scope, session and operator before the endpoint runs, the permission when
/// it asks its <see cref="Caller"/> about an organization, which knows no other permission than the stated one. docs/security/permissions.md is compared with it.
/// </summary>
public static class EndpointAccess
{
    /// <summary>
    /// A member with this permission, by a session or by an API token with the permission's scope; <see cref="Permission.View"/> needs a scope said.
    /// <paramref name="operatorsToo"/> tells that the endpoint lets operators look at any organization, and writes that down.
    /// <paramref name="withoutSecondFactor"/> opens it to a member who has not shown a second factor that the organization asks for.
    /// </summary>
    public static TBuilder RequirePermission<TBuilder>(this TBuilder builder, Permission permission, TokenScope? scope = null, bool operatorsToo = false, bool withoutSecondFactor = false)
        where TBuilder : IEndpointConventionBuilder
    {
        if ((scope ?? TokenScopes.Of(permission)) is { } needed)
            return builder.With(new AccessRequirement(AccessKind.Member) { Permission = permission, Scope = needed, OperatorsToo = operatorsToo, WithoutSecondFactor = withoutSecondFactor });
        // What nothing but an owner does is done by a person, not by a token.
        return permission == Permission.OwnOrganization
            ? builder.With(new AccessRequirement(AccessKind.Session) { Permission = permission })
            : throw new ArgumentException($"{permission} is many things: say which scope an API token needs.", nameof(scope));
    }

    /// <summary>Something of the account itself, by a session or by an API token with this scope (any token without one).</summary>
    public static TBuilder RequireAccount<TBuilder>(this TBuilder builder, TokenScope? scope = null)
        where TBuilder : IEndpointConventionBuilder => builder.With(new AccessRequirement(AccessKind.Account) { Scope = scope });

    /// <summary>The security of the account itself: a person who signed in, never an API token.</summary>
    public static TBuilder RequireSession<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.With(new AccessRequirement(AccessKind.Session));

    /// <summary>An account with the role admin, who runs this installation, signed in.</summary>
    public static TBuilder RequireOperator<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.With(new AccessRequirement(AccessKind.Operator));

    /// <summary>There are sessions or API tokens that an endpoint of this metadata refuses with 403.</summary>
    public static bool Forbids(IEnumerable<object> metadata) => metadata.OfType<AccessRequirement>().Any(stated => stated.Kind != AccessKind.Account || stated.Scope is not null);

    private static TBuilder With<TBuilder>(this TBuilder builder, AccessRequirement requirement)
        where TBuilder : IEndpointConventionBuilder => builder.RequireAuthorization().WithMetadata(requirement).AddEndpointFilter(SlowBody.RecheckAsync).AddEndpointFilter(WithheldOrganizations.ExplainAsync);
}

internal enum AccessKind
{
    Member,
    Account,
    Session,
    Operator,
}

/// <summary>The statement of one endpoint; handles itself, so that it cannot be mapped without being enforced.</summary>
internal sealed class AccessRequirement(AccessKind kind) : AuthorizationHandler<AccessRequirement>, IAuthorizationRequirement, IAuthorizationRequirementData
{
    /// <summary>What a person does, never a script.</summary>
    public static Failure SessionRequired { get; } = new(FailureKind.Forbidden, "SESSION_REQUIRED", "An API token cannot do this. Sign in.");

    public AccessKind Kind => kind;

    public Permission? Permission { get; init; }

    public TokenScope? Scope { get; init; }

    public bool OperatorsToo { get; init; }

    public bool WithoutSecondFactor { get; init; }

    public static AccessRequirement? Of(HttpContext context) => context.GetEndpoint()?.Metadata.GetMetadata<AccessRequirement>();

    public IEnumerable<IAuthorizationRequirement> GetRequirements() => [this];

    /// <summary>Why this caller may not; null when it may go on.</summary>
    public Failure? Refusal(Caller caller)
    {
        if (caller.Token is not { } token)
            return kind == AccessKind.Operator ? caller.OperatorRefusal : null;
        if (kind is AccessKind.Session or AccessKind.Operator)
            return SessionRequired;
        return Scope is { } scope && !TokenScopes.Include(token.Scopes, scope)
            ? new Failure(FailureKind.Forbidden, "SCOPE_MISSING", $"This API token lacks the scope {TokenScopes.Text(scope)}.")
            : null;
    }

    protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, AccessRequirement requirement)
    {
        if (context.Resource is HttpContext http && Caller.Of(http) is { } caller && requirement.Refusal(caller) is null)
            context.Succeed(requirement);
        return Task.CompletedTask;
    }
}
