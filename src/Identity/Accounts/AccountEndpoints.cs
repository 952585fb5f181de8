using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Tollgate.Foundation;
using Tollgate.Identity.Challenges;
using Tollgate.Identity.EmailProof;
using Tollgate.Identity.Passkeys;
using Tollgate.Identity.Passwords;
using Tollgate.Identity.SecondFactor;
using Tollgate.Identity.StepUp;

namespace Tollgate.Identity.Accounts;

/// <summary>What a person does with their own account: address, password, factors, and its end.</summary>
internal static class AccountEndpoints
{
    public static void Map(RouteGroupBuilder auth, RouteGroupBuilder root)
    {
        auth.MapGet("/security", SecurityAsync).WithName("getSecurity").WithSummary("The ways in that this account has").RequireSession().Produces<SecurityResponse>();
        auth.MapPost("/step-up", StepUpAsync).WithName("stepUp").WithSummary("Show once more who is there: dangerous acts are open for ten minutes").RequireSession()
            .RequireRateLimiting(AuthEndpoints.LoginLimit).Produces<StepUpResponse>();
        auth.MapPost("/verify-email", VerifyAsync).WithName("verifyEmail").WithSummary("Confirm an address, signed in, by the link or the code of the mail").AllowAnonymous()
            .RequireRateLimiting(AuthEndpoints.LoginLimit).Produces(StatusCodes.Status204NoContent);
        auth.MapPost("/verify-email/send", SendAgainAsync).WithName("sendVerificationMail").WithSummary("Have the mail that confirms the address sent again").RequireSession().RequireRateLimiting(SignInEndpoints.MailLimit)
            .Produces(StatusCodes.Status202Accepted).ProducesProblem(StatusCodes.Status429TooManyRequests);
        auth.MapPost("/email", ChangeEmailAsync).WithName("changeEmail").WithSummary("Use another address: it is mailed a proof, and the old one is told").RequireSession().RequireStepUp().RequireRateLimiting(SignInEndpoints.MailLimit)
            .Produces(StatusCodes.Status202Accepted);
        auth.MapPost("/password", ChangePasswordAsync).WithName("changePassword").WithSummary("Choose another password; ends all other sessions").RequireSession().RequireRateLimiting(AuthEndpoints.LoginLimit)
            .Produces(StatusCodes.Status204NoContent);
        MapFactors(auth);
        root.MapPost("/me/delete", DeleteAsync).WithName("deleteAccount").WithSummary("Delete this account for good; its address is typed once more").RequireSession().RequireStepUp()
            .Produces(StatusCodes.Status204NoContent).ProducesProblem(StatusCodes.Status409Conflict);
    }

    private static void MapFactors(RouteGroupBuilder auth)
    {
        auth.MapPost("/totp", OfferTotpAsync).WithName("offerTotp").WithSummary("A secret for an authenticator app, with its QR code; counts once a code of it is shown, within an hour, and takes the place then of the app that there is").RequireSession().RequireShownFactor().RequireStepUp().Produces<TotpOfferResponse>();
        auth.MapPost("/totp/confirm", ConfirmTotpAsync).WithName("confirmTotp").WithSummary("Turn the authenticator app on by a code of it; answers the recovery codes, once. In place of another one it leaves them as they are and answers none").RequireSession().RequireShownFactor().RequireStepUp().RequireRateLimiting(AuthEndpoints.LoginLimit).Produces<RecoveryCodesResponse>();
        auth.MapDelete("/totp", RemoveTotpAsync).WithName("removeTotp").WithSummary("Turn the authenticator app off, and the recovery codes with it").RequireSession().RequireShownFactor().RequireStepUp().Produces(StatusCodes.Status204NoContent).ProducesProblem(StatusCodes.Status409Conflict);
        auth.MapPost("/recovery-codes", NewRecoveryCodesAsync).WithName("replaceRecoveryCodes").WithSummary("Ten new recovery codes in place of the old ones").RequireSession().RequireShownFactor().RequireStepUp().RequireRateLimiting(AuthEndpoints.LoginLimit).Produces<RecoveryCodesResponse>();
        auth.MapPost("/passkeys/options", AskForPasskeyAsync).WithName("offerPasskey").WithSummary("What a browser needs to make a passkey").RequireSession().RequireShownFactor().RequireStepUp().Produces<PasskeyQuestionResponse>();
        auth.MapPost("/passkeys", AddPasskeyAsync).WithName("addPasskey").WithSummary("Register the passkey that a browser made").RequireSession().RequireShownFactor().RequireStepUp().Produces<PasskeyResponse>(StatusCodes.Status201Created);
        auth.MapDelete("/passkeys/{id}", RemovePasskeyAsync).WithName("removePasskey").WithSummary("Remove a passkey").RequireSession().RequireShownFactor().RequireStepUp().Produces(StatusCodes.Status204NoContent).ProducesProblem(StatusCodes.Status409Conflict);
    }

    private static async Task<IResult> SecurityAsync(Caller caller, AccountSecurity security, CancellationToken cancellation) =>
        Results.Ok(await security.OfAsync(caller, cancellation).ConfigureAwait(false));

    private static async Task<IResult> StepUpAsync(StepUpRequest request, Caller caller, HttpContext context, StepUps stepUps)
    {
        var source = SignInSource.Of(context);
        var outcome = request.Credential is { } credential ? await stepUps.ByPasskeyAsync(caller, request.Challenge!, credential, source, context).ConfigureAwait(false)
            : request.Password is { Length: > 0 } password ? await stepUps.ByPasswordAsync(caller, password, source, context.RequestAborted).ConfigureAwait(false)
            : await stepUps.ByFactorAsync(caller, request.Code, request.RecoveryCode, source, context.RequestAborted).ConfigureAwait(false);
        return outcome.ToResult(until => Results.Ok(new StepUpResponse(until)));
    }

    private static async Task<IResult> VerifyAsync(VerifyEmailRequest request, HttpContext context, EmailVerification verification)
    {
        if (Caller.Of(context) is not { Token: null } caller)
            return Problems.Result(EmailVerification.SignInFirst);
        var actor = AuditActor.Of(context);
        if (request.Token is { Length: > 0 } token)
            return Answer(await verification.ProveByLinkAsync(caller.AccountId, token, actor, context.RequestAborted).ConfigureAwait(false), StatusCodes.Status204NoContent);
        // The code of the address that the account has, or of the one that it changes to: whichever is open.
        var kind = caller.EmailVerified ? ChallengeKind.ChangeEmail : ChallengeKind.VerifyEmail;
        return Answer(await verification.ProveByCodeAsync(kind, caller.AccountId, request.Code!, actor, context.RequestAborted).ConfigureAwait(false), StatusCodes.Status204NoContent);
    }

    private static async Task<IResult> SendAgainAsync(Caller caller, HttpContext context, EmailVerification verification) =>
        Answer(await verification.AskAgainAsync(caller.AccountId, SignInSource.Of(context).Origin, context.RequestAborted).ConfigureAwait(false), StatusCodes.Status202Accepted);

    private static async Task<IResult> ChangeEmailAsync(ChangeEmailRequest request, Caller caller, HttpContext context, EmailVerification verification) =>
        Answer(await verification.AskForChangeAsync(caller, request.Email!, SignInSource.Of(context).Origin, AuditActor.Of(context), context.RequestAborted).ConfigureAwait(false), StatusCodes.Status202Accepted);

    private static async Task<IResult> ChangePasswordAsync(ChangePasswordRequest request, Caller caller, HttpContext context, PasswordChanges passwords) =>
        Answer(await passwords.ChangeAsync(caller, request.CurrentPassword!, request.Password!, SignInSource.Of(context), context.RequestAborted).ConfigureAwait(false), StatusCodes.Status204NoContent);

    private static async Task<IResult> OfferTotpAsync(Caller caller, SecondFactors factors, CancellationToken cancellation) =>
        (await factors.OfferAsync(caller, cancellation).ConfigureAwait(false)).ToResult(offer => Results.Ok(new TotpOfferResponse(offer.Secret, offer.Uri, offer.QrCode)));

    private static async Task<IResult> ConfirmTotpAsync(TotpCodeRequest request, Caller caller, HttpContext context, SecondFactors factors) =>
        (await factors.ConfirmAsync(caller, request.Code!, AuditActor.Of(context), context.RequestAborted).ConfigureAwait(false)).ToResult(codes => Results.Ok(new RecoveryCodesResponse(codes)));

    private static async Task<IResult> RemoveTotpAsync(Caller caller, HttpContext context, SecondFactors factors) =>
        Answer(await factors.TurnOffAsync(caller, AuditActor.Of(context), context.RequestAborted).ConfigureAwait(false), StatusCodes.Status204NoContent);

    private static async Task<IResult> NewRecoveryCodesAsync(Caller caller, HttpContext context, SecondFactors factors) =>
        (await factors.NewRecoveryCodesAsync(caller, AuditActor.Of(context), context.RequestAborted).ConfigureAwait(false)).ToResult(codes => Results.Ok(new RecoveryCodesResponse(codes)));

    private static async Task<IResult> AskForPasskeyAsync(Caller caller, HttpContext context, PasskeySignIns passkeys) =>
        (await passkeys.AskToRegisterAsync(caller, context).ConfigureAwait(false)).ToResult(question => Results.Ok(new PasskeyQuestionResponse(question.Challenge, question.Options)));

    private static async Task<IResult> AddPasskeyAsync(RegisterPasskeyRequest request, Caller caller, HttpContext context, PasskeySignIns passkeys) =>
        (await passkeys.RegisterAsync(caller, request.Challenge!, request.Name!.Trim(), request.Credential!.Value, context).ConfigureAwait(false))
            .ToResult(passkey => Results.Json(passkey, statusCode: StatusCodes.Status201Created));

    private static async Task<IResult> RemovePasskeyAsync(string id, Caller caller, HttpContext context, PasskeySignIns passkeys) => TypeId.TryParse(id, "pky", out var passkey)
        ? Answer(await passkeys.RemoveAsync(caller, passkey, AuditActor.Of(context), context.RequestAborted).ConfigureAwait(false), StatusCodes.Status204NoContent)
        : Problems.Result(Failure.NotFound("passkey"));

    private static async Task<IResult> DeleteAsync(EmailRequest request, Caller caller, HttpContext context, AccountDeletion deletion)
    {
        if (AccountStore.Normalize(request.Email!) != caller.Email)
            return Problems.Result(Failure.Invalid("email", "EMAIL_DIFFERS", "This is not the address of your account."));
        var failure = await deletion.DeleteAsync(caller, AuditActor.Of(context), context.RequestAborted).ConfigureAwait(false);
        if (failure is null)
            Access.SessionCookies.Clear(context);
        return Answer(failure, StatusCodes.Status204NoContent);
    }

    private static IResult Answer(Failure? failure, int status) => failure is null ? Results.StatusCode(status) : Problems.Result(failure);
}
