using System.Text.Json;
using Tollgate.Foundation;
using Tollgate.Identity.Passwords;

namespace Tollgate.Identity.Accounts;

/// <summary>The token of the mail's link, or its code.</summary>
internal sealed class VerifyEmailRequest : IRequest
{
    public string? Token { get; init; }

    public string? Code { get; init; }

    public void Validate(Errors errors)
    {
        errors.Text("token", Token, 0, 100);
        errors.Text("code", Code, 0, 20);
        errors.Check(string.IsNullOrEmpty(Token) != string.IsNullOrEmpty(Code), "token", "ONE_OF", "Send either token or code.");
    }
}

internal sealed class ChangeEmailRequest : IRequest
{
    public string? Email { get; init; }

    public void Validate(Errors errors) => EmailAddress.Check(errors, Email);
}

internal sealed class ChangePasswordRequest : IRequest
{
    public string? CurrentPassword { get; init; }

    public string? Password { get; init; }

    public void Validate(Errors errors)
    {
        errors.Check(CurrentPassword is { Length: > 0 and <= 512 }, "current_password", "REQUIRED", "Your current password is required.");
        PasswordPolicy.Check(errors, "password", Password);
    }
}

internal sealed class TotpCodeRequest : IRequest
{
    public string? Code { get; init; }

    public void Validate(Errors errors) => errors.Text("code", Code, 1, 20);
}

internal sealed class RegisterPasskeyRequest : IRequest
{
    public string? Challenge { get; init; }

    public string? Name { get; init; }

    public JsonElement? Credential { get; init; }

    public void Validate(Errors errors)
    {
        errors.Text("challenge", Challenge, 1, 100);
        errors.Text("name", Name, 1, 100);
        errors.Check(Credential is { ValueKind: JsonValueKind.Object }, "credential", "REQUIRED", "The browser's answer is required, as an object.");
    }
}

/// <summary>One of: password; code; recovery_code; challenge and credential of a passkey.</summary>
internal sealed class StepUpRequest : IRequest
{
    public string? Password { get; init; }

    public string? Code { get; init; }

    public string? RecoveryCode { get; init; }

    public string? Challenge { get; init; }

    public JsonElement? Credential { get; init; }

    public void Validate(Errors errors)
    {
        errors.Check(Password is not { Length: > 512 }, "password", "TOO_LONG", "At most 128 characters are allowed.");
        errors.Text("code", Code, 0, 20);
        errors.Text("recovery_code", RecoveryCode, 0, 20);
        errors.Text("challenge", Challenge, 0, 100);
        var given = new[] { !string.IsNullOrEmpty(Password), !string.IsNullOrEmpty(Code), !string.IsNullOrEmpty(RecoveryCode), Credential is { ValueKind: JsonValueKind.Object } && Challenge is { Length: > 0 } };
        errors.Check(given.Count(one => one) == 1, "password", "ONE_OF", "Send one of password, code, recovery_code, or challenge with credential.");
    }
}

internal sealed record StepUpResponse(DateTimeOffset Until);

internal sealed record TotpOfferResponse(string Secret, string Uri, string QrCode);

/// <summary>Shown once. None where those that the account has stay as they are.</summary>
internal sealed record RecoveryCodesResponse(IReadOnlyList<string> RecoveryCodes);

internal sealed record PasskeyQuestionResponse(string Challenge, JsonElement Options);

internal sealed record PasskeyResponse(string Id, string Name, DateTimeOffset CreatedAt, DateTimeOffset? LastUsedAt);

/// <param name="Password">False for who came by a code or a provider and has chosen none.</param>
/// <param name="SecondFactorShown">This session has shown a second factor that the account has.</param>
internal sealed record SecurityResponse(
    string Email, bool EmailVerified, bool Password, bool Totp, int RecoveryCodesLeft, IReadOnlyList<PasskeyResponse> Passkeys, DateTimeOffset? SteppedUpUntil, bool SecondFactorShown);
