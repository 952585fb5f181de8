using Microsoft.AspNetCore.Mvc;
using Tollgate.Foundation;
using Tollgate.Identity.Organizations;

namespace Tollgate.Identity.Admin;

/// <summary>The query of a list of accounts or organizations.</summary>
internal sealed class AdminListParameters : IdPageParameters
{
    /// <summary>Part of an e-mail address, a name or a slug; or an id.</summary>
    [FromQuery(Name = "q")]
    public string? Text { get; init; }

    /// <summary>Of accounts: `active`, `disabled`, or `operators`. Of organizations: `active` or `suspended`.</summary>
    [FromQuery(Name = "status")]
    public string? Status { get; init; }

    /// <summary>For a LIKE pattern; null when everything is asked for.</summary>
    public string? Pattern => string.IsNullOrWhiteSpace(Text)
        ? null
        : $"%{Text.Trim().ToLowerInvariant().Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal)}%";

    public override void Validate(Errors errors)
    {
        base.Validate(errors);
        errors.Text("q", Text, 0, 200);
        errors.Check(Status is null or "" or "active" or "disabled" or "operators" or "suspended", "status", "UNKNOWN_VALUE", "Use active, disabled or operators for accounts, active or suspended for organizations.");
    }
}

internal sealed record SetRoleRequest(string? Role) : IRequest
{
    public void Validate(Errors errors) => errors.Check(Role is "user" or "admin", "role", "UNKNOWN_VALUE", "Use user or admin.");
}

/// <param name="Reason">For the audit log.</param>
internal sealed record DisableAccountRequest(string? Reason) : IRequest
{
    public void Validate(Errors errors) => errors.Text("reason", Reason, 0, 500);
}

/// <param name="Reason">How it was made sure that it is this person. For the audit log; the person reads it there.</param>
internal sealed record RemoveSecondFactorsRequest(string? Reason) : IRequest
{
    public void Validate(Errors errors) => errors.Text("reason", Reason, 1, 500);
}

/// <param name="Reason">Its members read it.</param>
internal sealed record SuspendOrganizationRequest(string? Reason) : IRequest
{
    public void Validate(Errors errors) => errors.Text("reason", Reason, 1, 500);
}

/// <param name="SecondFactor">It has an authenticator app or a passkey.</param>
internal sealed record AdminAccountResponse(
    string Id, string Email, string Name, string Role, DateTimeOffset CreatedAt, DateTimeOffset? DisabledAt, int Organizations, int LiveSessions, DateTimeOffset? LastSeenAt, bool SecondFactor)
{
    public static AdminAccountResponse From(AdminAccountRow row) => new(
        TypeId.Format("acc", row.Id), row.Email, row.Name, row.Role, row.CreatedAt, row.DisabledAt, row.Organizations, row.LiveSessions, row.LastSeenAt, row.SecondFactor);
}

internal sealed record AdminMembershipResponse(string OrganizationId, string Slug, string Name, string Role, bool Personal);

internal sealed record AdminSessionResponse(
    string Id, string Device, string UserAgent, string? Address, DateTimeOffset CreatedAt, DateTimeOffset LastSeenAt, DateTimeOffset ExpiresAt, DateTimeOffset? EndedAt, string? EndedReason)
{
    public static AdminSessionResponse From(AdminSessionRow row) => new(
        TypeId.Format("ses", row.Id), row.Device, row.UserAgent, row.Address, row.CreatedAt, row.LastSeenAt, row.ExpiresAt, row.EndedAt, row.EndedReason);
}

internal sealed record AdminAccountDetailResponse(AdminAccountResponse Account, IReadOnlyList<AdminMembershipResponse> Organizations, IReadOnlyList<AdminSessionResponse> Sessions);

internal sealed record AdminOrganizationResponse(string Id, string Slug, string Name, string TimeZone, bool Personal, int Members, DateTimeOffset CreatedAt, SuspensionResponse? Suspension)
{
    public static AdminOrganizationResponse From(AdminOrganizationRow row) => new(
        TypeId.Format("org", row.Id), row.Slug, row.Name, row.TimeZone, row.Personal, row.Members, row.CreatedAt, SuspensionResponse.Of(row.SuspendedAt, row.SuspendedReason));
}

internal sealed record AdminMemberResponse(string AccountId, string Email, string Name, string Role, DateTimeOffset? DisabledAt);

internal sealed record AdminOrganizationDetailResponse(AdminOrganizationResponse Organization, IReadOnlyList<AdminMemberResponse> Members);
