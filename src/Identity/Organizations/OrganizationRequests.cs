using System.Collections.Frozen;
using Tollgate.Foundation;
using Tollgate.Identity.Accounts;

namespace Tollgate.Identity.Organizations;

/// <param name="Slug">Its part of addresses; made from the name without it.</param>
/// <param name="TimeZone">IANA; UTC without it.</param>
internal sealed record CreateOrganizationRequest(string? Name, string? Slug, string? TimeZone) : IRequest
{
    public void Validate(Errors errors)
    {
        errors.Text("name", Name, 1, 100);
        if (!string.IsNullOrEmpty(Slug))
            Organizations.Slug.Validate(errors, "slug", Slug);
        OrganizationFields.TimeZone(errors, TimeZone);
    }
}

/// <summary>What is absent stays. A slug that is given up leads to the new one for 180 days. Another time zone holds from the next period on.</summary>
/// <param name="Name">How it is called.</param>
/// <param name="Slug">Its part of addresses.</param>
/// <param name="TimeZone">IANA.</param>
/// <param name="RequireSecondFactor">Ask a second factor of all its members. An owner sets it, in person, who has shown one.</param>
internal sealed record EditOrganizationRequest(string? Name, string? Slug, string? TimeZone, bool? RequireSecondFactor) : IRequest
{
    public void Validate(Errors errors)
    {
        if (Name is not null)
            errors.Text("name", Name, 1, 100);
        if (Slug is not null)
            Organizations.Slug.Validate(errors, "slug", Slug);
        OrganizationFields.TimeZone(errors, TimeZone);
    }
}

/// <param name="Account">A member, acc_…, who becomes owner; you become admin.</param>
internal sealed record TransferOrganizationRequest(string? Account) : IRequest
{
    public void Validate(Errors errors) => errors.Text("account", Account, 1, 100);
}

internal sealed record ChangeMemberRequest(string? Role) : IRequest
{
    public void Validate(Errors errors) => OrganizationFields.Role(errors, Role);
}

internal sealed record InviteRequest(string? Email, string? Role) : IRequest
{
    public void Validate(Errors errors)
    {
        EmailAddress.Check(errors, Email);
        OrganizationFields.Role(errors, Role);
    }
}

/// <param name="Token">The secret of the mail's link, tgi_….</param>
internal sealed record InvitationTokenRequest(string? Token) : IRequest
{
    public void Validate(Errors errors) => errors.Text("token", Token, 1, 200);
}

internal static class OrganizationFields
{
    private static readonly FrozenDictionary<string, OrganizationRole> Roles =
        Enum.GetValues<OrganizationRole>().ToFrozenDictionary(role => role.ToString().ToLowerInvariant(), StringComparer.Ordinal);

    public static OrganizationRole? RoleOf(string? text) => text is not null && Roles.TryGetValue(text, out var role) ? role : null;

    public static void Role(Errors errors, string? role) => errors.Check(RoleOf(role) is not null, "role", "UNKNOWN_VALUE", "One of owner, admin, developer, billing, viewer.");

    public static void TimeZone(Errors errors, string? zone) => errors.Check(
        string.IsNullOrEmpty(zone) || (zone.Length <= 64 && TimeZoneInfo.TryFindSystemTimeZoneById(zone, out var known) && known.HasIanaId),
        "time_zone", "TIME_ZONE_UNKNOWN", "A name of the IANA time zone database, such as Europe/Vienna.");
}
