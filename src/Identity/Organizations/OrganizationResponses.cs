using Tollgate.Foundation;

namespace Tollgate.Identity.Organizations;

/// <param name="Role">The caller's.</param>
/// <param name="Permissions">What that role allows. An API token does of this what its scopes name; an organization that is suspended changes nothing that it sells.</param>
/// <param name="FormerSlugs">That still lead here.</param>
/// <param name="Suspension">Null unless those who run the installation have suspended it.</param>
/// <param name="RequireSecondFactor">It asks a second factor of all its members.</param>
/// <param name="SecondFactorMissing">One is asked for, by it or by the installation, and this session has none to show: all else of it is withheld until it has.</param>
internal sealed record OrganizationDetailResponse(
    string Id, string Slug, string Name, string TimeZone, bool Personal, OrganizationRole Role, IReadOnlyList<Permission> Permissions, IReadOnlyList<string> FormerSlugs, DateTimeOffset CreatedAt,
    SuspensionResponse? Suspension, bool RequireSecondFactor, bool SecondFactorMissing);

/// <summary>Its APIs are not served and its keys open nothing.</summary>
internal sealed record SuspensionResponse(DateTimeOffset Since, string Reason)
{
    public static SuspensionResponse? Of(DateTimeOffset? since, string? reason) => since is { } at && reason is not null ? new(at, reason) : null;
}

internal sealed record OrganizationsResponse(IReadOnlyList<OrganizationDetailResponse> Data);

/// <param name="You">The caller's own.</param>
/// <param name="SecondFactor">The account has one. Null to who may not manage members.</param>
internal sealed record MemberResponse(string Account, string Name, string Email, OrganizationRole Role, DateTimeOffset JoinedAt, bool You, bool? SecondFactor);

/// <param name="Roles">All that a member can have, from most to least.</param>
internal sealed record MembersResponse(IReadOnlyList<MemberResponse> Data, IReadOnlyList<RoleResponse> Roles);

/// <param name="Summary">What it may do, in words.</param>
/// <param name="Assignable">You may give it to a member or to somebody whom you invite, and change or remove who has it.</param>
internal sealed record RoleResponse(OrganizationRole Role, string Summary, IReadOnlyList<Permission> Permissions, bool Assignable)
{
    public static IReadOnlyList<RoleResponse> All(Membership by) =>
        [.. Enum.GetValues<OrganizationRole>().Select(role => new RoleResponse(role, RolePermissions.Summary(role), RolePermissions.Of(role), ActingMember.MayInvite(by.Role, role)))];
}

internal sealed record InvitationResponse(string Id, string Email, OrganizationRole Role, string InvitedBy, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt)
{
    public static InvitationResponse From(InvitationRow row) =>
        new(TypeId.Format("inv", row.Id), row.Email, Enum.Parse<OrganizationRole>(row.Role, ignoreCase: true), row.InviterName, row.CreatedAt, row.ExpiresAt);
}

internal sealed record InvitationsResponse(IReadOnlyList<InvitationResponse> Data);

/// <summary>What the invited person is told before answering.</summary>
/// <param name="RoleSummary">What the role may do, in words.</param>
internal sealed record ReceivedInvitationResponse(string Organization, OrganizationRole Role, string RoleSummary, string InvitedBy, DateTimeOffset ExpiresAt)
{
    public static ReceivedInvitationResponse From(InvitationRow row) => new(row.OrganizationName, row.RoleOf, RolePermissions.Summary(row.RoleOf), row.InviterName, row.ExpiresAt);
}

internal sealed record AcceptedInvitationResponse(string OrganizationId);
