using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Foundation;

namespace Tollgate.Identity;

/// <summary>What an endpoint asks of the account that calls, beside that somebody is signed in.</summary>
public static class AccountConditions
{
    /// <summary>How long a password, a code or a passkey opens dangerous acts.</summary>
    public static readonly TimeSpan StepUpLifetime = TimeSpan.FromMinutes(10);

    internal static readonly Failure StepUpRequired = new(FailureKind.Forbidden, "STEP_UP_REQUIRED",
        "Show once more that it is you (POST /auth/step-up with your password, a code or a passkey), then try again.");

    /// <summary>An organization of the caller, or the installation, asks for a second factor, and this session or API token has none to show.</summary>
    internal static readonly Failure SecondFactorRequired = new(FailureKind.Forbidden, "SECOND_FACTOR_REQUIRED",
        "A second factor is asked for here. Add an authenticator app or a passkey to your account, or show the one that you have (POST /auth/step-up with a code or a passkey), then try again. An API token has to be made after that.");

    private static readonly Failure EmailNotVerified = new(FailureKind.Forbidden, "EMAIL_NOT_VERIFIED",
        "Confirm your e-mail address first: open the link that was mailed to you, or have it sent again (POST /auth/verify-email/send).");

    /// <summary>For dangerous acts: the session showed a password or a factor within the last ten minutes, at its beginning or by a step-up.</summary>
    public static TBuilder RequireStepUp<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.AddEndpointFilter((context, next) =>
        {
            var now = context.HttpContext.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();
            return Caller.Of(context.HttpContext)?.AuthenticatedAt is { } at && now - at <= StepUpLifetime ? next(context) : Refused(StepUpRequired);
        });

    /// <summary>For what others rely on: the account has shown that its address is its own.</summary>
    public static TBuilder RequireVerifiedEmail<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.AddEndpointFilter((context, next) =>
            Caller.Of(context.HttpContext)?.EmailVerified == true ? next(context) : Refused(EmailNotVerified));

    /// <summary>
    /// For changes of factors, for connecting a provider, and for leaving who asks for one: where a second factor is asked for and the account has one, this session has shown it. Else a stolen password would add a factor of its
    /// own, and be let in by that.
    /// </summary>
    internal static TBuilder RequireShownFactor<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.AddEndpointFilter((context, next) =>
            Caller.Of(context.HttpContext) is { HidesFactor: true } ? Refused(SecondFactorRequired) : next(context));

    private static ValueTask<object?> Refused(Failure failure) => ValueTask.FromResult<object?>(Problems.Result(failure));
}
