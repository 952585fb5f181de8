using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace Tollgate.Foundation.Http;

/// <summary>Answers that the framework makes without a body (no route, wrong method, not signed in) as problem+json too.</summary>
internal static class StatusPages
{
    public static Task WriteAsync(StatusCodeContext context)
    {
        var failure = context.HttpContext.Response.StatusCode switch
        {
            StatusCodes.Status401Unauthorized => new Failure(FailureKind.Unauthenticated, "UNAUTHENTICATED", "Sign in, or send a valid access token."),
            StatusCodes.Status403Forbidden => Failure.Forbidden("You may not do this."),
            StatusCodes.Status404NotFound => new Failure(FailureKind.NotFound, "NOT_FOUND", "There is nothing at this address."),
            StatusCodes.Status405MethodNotAllowed => new Failure(FailureKind.MethodNotAllowed, "METHOD_NOT_ALLOWED", "This address does not take this method."),
            StatusCodes.Status408RequestTimeout => new Failure(FailureKind.TimedOut, "REQUEST_TIMEOUT", "The request did not arrive in time."),
            StatusCodes.Status413PayloadTooLarge => new Failure(FailureKind.TooLarge, "BODY_TOO_LARGE", "The request body is larger than this route allows."),
            StatusCodes.Status415UnsupportedMediaType => new Failure(FailureKind.UnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", "Send the body as application/json."),
            StatusCodes.Status429TooManyRequests => new Failure(FailureKind.LimitReached, "RATE_LIMITED", "Too many requests from your address. Wait and try again."),
            StatusCodes.Status400BadRequest => new Failure(FailureKind.Malformed, "BAD_REQUEST", "The request is not well formed."),
            _ => null,
        };
        return failure is null ? Task.CompletedTask : Problems.Result(failure).ExecuteAsync(context.HttpContext);
    }
}
