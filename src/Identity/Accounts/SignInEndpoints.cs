using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tollgate.Foundation;
using Tollgate.Identity.Access;
using Tollgate.Identity.MailSignIn;
using Tollgate.Identity.Passkeys;
using Tollgate.Identity.Passwords;
using Tollgate.Identity.SecondFactor;

namespace Tollgate.Identity.Accounts;

/// <summary>The ways in beside the password: a mail, a passkey, the second step, and a new password for who has lost theirs. All before anybody is known.</summary>
internal static class SignInEndpoints
{
    public const string MailLimit = "mail";

    private const string BindingCookie = "tg_sign_in";

    public static void Map(RouteGroupBuilder auth)
    {
        auth.MapPost("/mail-sign-in", AskForMailAsync).WithName("askForSignInMail").WithSummary("Have a code and a link mailed, to sign in without a password. The answer is the same for every address")
            .AllowAnonymous().RequireRateLimiting(MailLimit).Produces<MailSignInResponse>(StatusCodes.Status202Accepted);
        SignsIn(auth.MapPost("/mail-sign-in/code", ByCodeAsync).WithName("signInByCode").WithSummary("Sign in with the code of a mail; five wrong ones end it"));
        SignsIn(auth.MapPost("/mail-sign-in/link", ByLinkAsync).WithName("signInByLink").WithSummary("Sign in with the link of a mail, where it was asked for"));
        SignsIn(auth.MapPost("/second-factor", SecondFactorAsync).WithName("signInBySecondFactor").WithSummary("Go on with a sign-in by the code of the authenticator app, or a recovery code"));
        auth.MapPost("/passkey-sign-in/options", AskForPasskeyAsync).WithName("askForPasskey").WithSummary("What a browser needs to ask for a passkey")
            .AllowAnonymous().RequireRateLimiting(AuthEndpoints.LoginLimit).Produces<PasskeyQuestionResponse>();
        SignsIn(auth.MapPost("/passkey-sign-in", ByPasskeyAsync).WithName("signInByPasskey").WithSummary("Sign in with a passkey"));
        auth.MapPost("/forgot-password", ForgotAsync).WithName("askForPasswordReset").WithSummary("Have a link to a new password mailed. The answer is the same for every address")
            .AllowAnonymous().RequireRateLimiting(MailLimit).Produces(StatusCodes.Status202Accepted);
        auth.MapPost("/reset-password", ResetAsync).WithName("resetPassword").WithSummary("Choose a new password by the link of a mail; ends all sessions, and signs nobody in")
            .AllowAnonymous().RequireRateLimiting(AuthEndpoints.LoginLimit).Produces(StatusCodes.Status204NoContent);
    }

    private static void SignsIn(RouteHandlerBuilder endpoint) => endpoint.AllowAnonymous().RequireRateLimiting(AuthEndpoints.LoginLimit)
        .Produces<SessionResponse>().Produces<SecondFactorResponse>(StatusCodes.Status202Accepted).ProducesProblem(StatusCodes.Status401Unauthorized);

    private static async Task<IResult> AskForMailAsync(EmailRequest request, HttpContext context, MailSignIns mails)
    {
        var asked = await mails.AskAsync(request.Email!, SignInSource.Of(context).Origin, context.RequestAborted).ConfigureAwait(false);
        var cookies = SessionCookies.Wanted(context);
        if (cookies)
            SessionCookies.Append(context, BindingCookie, asked.Binding!, "/auth", MailSignIns.Lifetime);
        return Results.Json(new MailSignInResponse(asked.PublicId, (int)MailSignIns.Lifetime.TotalSeconds, cookies ? null : asked.Binding), statusCode: StatusCodes.Status202Accepted);
    }

    private static async Task<IResult> ByCodeAsync(MailCodeRequest request, HttpContext context, MailSignIns mails, SignIns signIns)
    {
        var source = SignInSource.Of(context);
        var outcome = await mails.ByCodeAsync(request.Challenge!, request.Code!, request.Binding ?? SessionCookies.Read(context, BindingCookie), source, context.RequestAborted).ConfigureAwait(false);
        return await signIns.AnswerAsync(outcome, context, source).ConfigureAwait(false);
    }

    private static async Task<IResult> ByLinkAsync(MailLinkRequest request, HttpContext context, MailSignIns mails, SignIns signIns)
    {
        var source = SignInSource.Of(context);
        var outcome = await mails.ByLinkAsync(request.Token!, request.Binding ?? SessionCookies.Read(context, BindingCookie), source, context.RequestAborted).ConfigureAwait(false);
        return await signIns.AnswerAsync(outcome, context, source).ConfigureAwait(false);
    }

    private static async Task<IResult> SecondFactorAsync(SecondFactorRequest request, HttpContext context, SecondFactors factors, SignIns signIns)
    {
        var source = SignInSource.Of(context);
        var outcome = await factors.AnswerAsync(request.Challenge!, request.Code, request.RecoveryCode, source, context.RequestAborted).ConfigureAwait(false);
        return await signIns.AnswerAsync(outcome, context, source).ConfigureAwait(false);
    }

    private static async Task<IResult> AskForPasskeyAsync(HttpContext context, PasskeySignIns passkeys)
    {
        var question = await passkeys.AskToSignInAsync(context).ConfigureAwait(false);
        return Results.Ok(new PasskeyQuestionResponse(question.Challenge, question.Options));
    }

    private static async Task<IResult> ByPasskeyAsync(PasskeySignInRequest request, HttpContext context, PasskeySignIns passkeys, SignIns signIns)
    {
        var source = SignInSource.Of(context);
        return await signIns.AnswerAsync(await passkeys.SignInAsync(request.Challenge!, request.Credential!.Value, source, context).ConfigureAwait(false), context, source).ConfigureAwait(false);
    }

    private static async Task<IResult> ForgotAsync(EmailRequest request, HttpContext context, PasswordChanges passwords)
    {
        await passwords.AskForResetAsync(request.Email!, SignInSource.Of(context).Origin, context.RequestAborted).ConfigureAwait(false);
        return Results.Accepted();
    }

    private static async Task<IResult> ResetAsync(ResetPasswordRequest request, HttpContext context, PasswordChanges passwords) =>
        await passwords.ResetAsync(request.Token!, request.Password!, AuditActor.Of(context), context.RequestAborted).ConfigureAwait(false) is { } failure
            ? Problems.Result(failure)
            : Results.NoContent();
}
