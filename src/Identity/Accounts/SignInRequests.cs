using System.Text.Json;
using Tollgate.Foundation;
using Tollgate.Identity.Passwords;

namespace Tollgate.Identity.Accounts;

/// <summary>An address of somebody who may have an account. That it is none, anybody may be told.</summary>
internal sealed class EmailRequest : IRequest
{
    public string? Email { get; init; }

    public void Validate(Errors errors) => EmailAddress.Check(errors, Email);
}

/// <summary>The challenge of <c>POST /auth/mail-sign-in</c>, the code of the mail, and the secret that the asker got; browsers hold that in a cookie.</summary>
internal sealed class MailCodeRequest : IRequest
{
    public string? Challenge { get; init; }

    public string? Code { get; init; }

    public string? Binding { get; init; }

    public void Validate(Errors errors)
    {
        errors.Text("challenge", Challenge, 1, 100);
        errors.Text("code", Code, 1, 20);
        errors.Text("binding", Binding, 0, 100);
    }
}

internal sealed class MailLinkRequest : IRequest
{
    public string? Token { get; init; }

    public string? Binding { get; init; }

    public void Validate(Errors errors)
    {
        errors.Text("token", Token, 1, 100);
        errors.Text("binding", Binding, 0, 100);
    }
}

/// <summary>Code of the authenticator app, or a recovery code.</summary>
internal sealed class SecondFactorRequest : IRequest
{
    public string? Challenge { get; init; }

    public string? Code { get; init; }

    public string? RecoveryCode { get; init; }

    public void Validate(Errors errors)
    {
        errors.Text("challenge", Challenge, 1, 100);
        errors.Text("code", Code, 0, 20);
        errors.Text("recovery_code", RecoveryCode, 0, 20);
        errors.Check(string.IsNullOrEmpty(Code) != string.IsNullOrEmpty(RecoveryCode), "code", "ONE_OF", "Send either code or recovery_code.");
    }
}

/// <summary>The answer of a browser to a passkey's question, as it is.</summary>
internal sealed class PasskeySignInRequest : IRequest
{
    public string? Challenge { get; init; }

    public JsonElement? Credential { get; init; }

    public void Validate(Errors errors)
    {
        errors.Text("challenge", Challenge, 1, 100);
        errors.Check(Credential is { ValueKind: JsonValueKind.Object }, "credential", "REQUIRED", "The browser's answer is required, as an object.");
    }
}

internal sealed class ResetPasswordRequest : IRequest
{
    public string? Token { get; init; }

    public string? Password { get; init; }

    public void Validate(Errors errors)
    {
        errors.Text("token", Token, 1, 100);
        PasswordPolicy.Check(errors, "password", Password);
    }
}

/// <summary>What answers <c>POST /auth/mail-sign-in</c>, whether the address has an account or not.</summary>
internal sealed record MailSignInResponse(string Challenge, int ExpiresIn, string? Binding);

/// <summary>The sign-in goes on with a second factor: <c>POST /auth/second-factor</c>, or a passkey.</summary>
internal sealed record SecondFactorResponse(string Challenge, int ExpiresIn, IReadOnlyList<string> Methods);
