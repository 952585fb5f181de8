using Microsoft.AspNetCore.Mvc;
using Tollgate.Foundation;
using Tollgate.Identity.Organizations;

namespace Tollgate.Identity.Admin;

/// <summary>The query of a list of accounts or organizations.</summary>
internal abstract class AdminListParameters : IdPageParameters
{
    /// <summary>Part of an e-mail address, a name or a slug, also one that was given up and is held; or an id.</summary>
    [FromQuery(Name = "q")]
    public string? Text { get; init; }

    /// <summary>For a LIKE pattern; null when everything is asked for.</summary>
    public string? Pattern => string.IsNullOrWhiteSpace(Text)
        ? null
        : $"%{Text.Trim().ToLowerInvariant().Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal)}%";

    public override void Validate(Errors errors)
    {
        base.Validate(errors);
        errors.Text("q", Text, 0, 200);
    }
}

internal sealed class AdminAccountParameters : AdminListParameters
{
    /// <summary>`active`, `disabled`, `deleted` or `operators`. A deleted account is none of the others.</summary>
    [FromQuery(Name = "status")]
    public string? Status { get; init; }

    public override void Validate(Errors errors)
    {
        base.Validate(errors);
        errors.Check(Status is null or "" or "active" or "disabled" or "deleted" or "operators", "status", "UNKNOWN_VALUE", "Use active, disabled, deleted or operators.");
    }
}

internal sealed class AdminOrganizationParameters : AdminListParameters
{
    /// <summary>`active`, `suspended` or `removed`. A removed organization is none of the others.</summary>
    [FromQuery(Name = "status")]
    public string? Status { get; init; }

    public override void Validate(Errors errors)
    {
        base.Validate(errors);
        errors.Check(Status is null or "" or "active" or "suspended" or "removed", "status", "UNKNOWN_VALUE", "Use active, suspended or removed.");
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

/// <param name="EmailVerified">Whoever has the account has shown that the address is theirs.</param>
/// <param name="DeletedAt">By whoever had it, for good: name and address are gone, and nothing is done to it any more.</param>
/// <param name="SecondFactor">It has an authenticator app or a passkey.</param>
internal sealed record AdminAccountResponse(
    string Id, string Email, bool EmailVerified, string Name, string Role, DateTimeOffset CreatedAt, DateTimeOffset? DisabledAt, DateTimeOffset? DeletedAt, int Organizations, int LiveSessions,
    DateTimeOffset? LastSeenAt, bool SecondFactor)
{
    public static AdminAccountResponse From(AdminAccountRow row) => new(
        TypeId.Format("acc", row.Id), row.Email, row.EmailVerified, row.Name, row.Role, row.CreatedAt, row.DisabledAt, row.DeletedAt, row.Organizations, row.LiveSessions, row.LastSeenAt, row.SecondFactor);
}

internal sealed record AdminMembershipResponse(string OrganizationId, string Slug, string Name, string Role, bool Personal);

internal sealed record AdminSessionResponse(
    string Id, string Device, string UserAgent, string? Address, DateTimeOffset CreatedAt, DateTimeOffset LastSeenAt, DateTimeOffset ExpiresAt, DateTimeOffset? EndedAt, string? EndedReason)
{
    public static AdminSessionResponse From(AdminSessionRow row) => new(
        TypeId.Format("ses", row.Id), row.Device, row.UserAgent, row.Address, row.CreatedAt, row.LastSeenAt, row.ExpiresAt, row.EndedAt, row.EndedReason);
}

internal sealed record AdminAccountDetailResponse(AdminAccountResponse Account, IReadOnlyList<AdminMembershipResponse> Organizations, IReadOnlyList<AdminSessionResponse> Sessions);

/// <param name="FormerSlugs">That it gave up and that are held, the last one first. Of a removed organization the slug that it had is among them, but of a personal one nothing is told: they were made of the name of who is gone.</param>
/// <param name="RemovedAt">By an owner, or with the account whose personal one it was; for good. Its usage and invoices stay, nothing is done to it any more.</param>
internal sealed record AdminOrganizationResponse(
    string Id, string Slug, string Name, string TimeZone, bool Personal, IReadOnlyList<string> FormerSlugs, int Members, DateTimeOffset CreatedAt, SuspensionResponse? Suspension, DateTimeOffset? RemovedAt)
{
    public static AdminOrganizationResponse From(AdminOrganizationRow row) => new(
        TypeId.Format("org", row.Id), row.Slug, row.Name, row.TimeZone, row.Personal, row.Former, row.Members, row.CreatedAt, SuspensionResponse.Of(row.SuspendedAt, row.SuspendedReason), row.RemovedAt);
}

internal sealed record AdminMemberResponse(string AccountId, string Email, string Name, string Role, DateTimeOffset? DisabledAt);

internal sealed record AdminOrganizationDetailResponse(AdminOrganizationResponse Organization, IReadOnlyList<AdminMemberResponse> Members);
