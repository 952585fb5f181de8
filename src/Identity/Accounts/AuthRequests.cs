using Tollgate.Foundation;
using Tollgate.Identity.Passwords;

namespace Tollgate.Identity.Accounts;

internal sealed class RegisterRequest : IRequest
{
    public string? Email { get; init; }

    public string? Password { get; init; }

    public string? Name { get; init; }

    public void Validate(Errors errors)
    {
        EmailAddress.Check(errors, Email);
        errors.Text("name", Name, 1, 100);
        PasswordPolicy.Check(errors, "password", Password);
    }
}

internal sealed class LoginRequest : IRequest
{
    public string? Email { get; init; }

    public string? Password { get; init; }

    public void Validate(Errors errors)
    {
        errors.Text("email", Email, 1, 254);
        errors.Check(Password is { Length: > 0 }, "password", "REQUIRED", "This field is required.");
        errors.Check(Password is not { Length: > 512 }, "password", "TOO_LONG", "At most 128 characters are allowed.");
    }
}

/// <summary>The token in the body, or in the portal's cookie.</summary>
internal sealed class RefreshRequest : IRequest
{
    public string? RefreshToken { get; init; }

    public void Validate(Errors errors) => errors.Check(RefreshToken is not { Length: > 200 }, "refresh_token", "TOO_LONG", "This is not one of our tokens.");
}

internal sealed record AccountResponse(string Id, string Email, bool EmailVerified, string Name, string Role, DateTimeOffset CreatedAt)
{
    public static AccountResponse From(AccountRow row) => new(TypeId.Format("acc", row.Id), row.Email, row.EmailVerifiedAt is not null, row.Name, row.Role, row.CreatedAt);
}

internal sealed record OrganizationResponse(string Id, string Slug, string Name);

/// <summary>The tokens are null where the session is in cookies.</summary>
internal sealed record SessionResponse(
    AccountResponse Account, OrganizationResponse Organization, string? AccessToken, string TokenType, int ExpiresIn, string? RefreshToken);

/// <summary>There is no session where an API token called.</summary>
internal sealed record MeResponse(AccountResponse Account, IReadOnlyList<MembershipResponse> Organizations, MeResponse.CurrentSession? Session)
{
    internal sealed record CurrentSession(string Id);
}

/// <param name="Permissions">What your role allows. An API token does of this what its scopes name; an organization that is suspended changes nothing that it sells.</param>
/// <param name="Suspended">By those who run the installation; the organization says why.</param>
/// <param name="SecondFactorMissing">A second factor is asked of its members, and this session has none to show: all that is the organization's is withheld until it has.</param>
internal sealed record MembershipResponse(
    string Id, string Slug, string Name, OrganizationRole Role, IReadOnlyList<Permission> Permissions, bool Personal, bool Suspended, bool SecondFactorMissing);
