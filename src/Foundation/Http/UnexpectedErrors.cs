using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Tollgate.Foundation.Http;

/// <summary>The one mapping of exceptions to answers. What happened goes to the log with the request id; the caller gets the id and no detail.</summary>
internal sealed partial class UnexpectedErrors(ILogger<UnexpectedErrors> logger) : IExceptionHandler
{
    private const int ClientClosedRequest = 499;

    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is OperationCanceledException && httpContext.RequestAborted.IsCancellationRequested)
        {
            httpContext.Response.StatusCode = ClientClosedRequest;
            return true;
        }
        var failure = exception switch
        {
            BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } =>
                new Failure(FailureKind.TooLarge, "BODY_TOO_LARGE", "The request body is larger than this route allows."),
            BadHttpRequestException bad => Malformed(bad),
            NpgsqlException { IsTransient: true } or TimeoutException =>
                new Failure(FailureKind.Unavailable, "DATABASE_UNAVAILABLE", "The database does not answer. Nothing was changed; try again.") { RetryAfterSeconds = 2 },
            _ => null,
        };
        if (failure is null)
            LogBug(logger, exception, RequestId.Of(httpContext));
        else if (failure.Kind == FailureKind.Unavailable)
            LogUnavailable(logger, exception, RequestId.Of(httpContext));
        await Problems.Result(failure ?? Bug).ExecuteAsync(httpContext).ConfigureAwait(false);
        return true;
    }

    private static readonly Failure Bug = new((FailureKind)(-1), "INTERNAL_ERROR", "Something went wrong on our side. Quote the request id when you report it.");

    private static Failure Malformed(BadHttpRequestException exception) => exception.InnerException is System.Text.Json.JsonException json
        ? Failure.Invalid(json.Path is { Length: > 2 } path ? path[2..] : "body", "MALFORMED_JSON",
            $"The body is not the JSON that is expected here{(json.LineNumber is { } line ? $" (line {line + 1})" : "")}.") with { Kind = FailureKind.Malformed, Code = "MALFORMED_JSON" }
        : new Failure(FailureKind.Malformed, "BAD_REQUEST", exception.StatusCode == StatusCodes.Status415UnsupportedMediaType
            ? "Send the body as application/json." : exception.Message);

    [LoggerMessage(2, LogLevel.Error, "Unexpected error in request {RequestId}")]
    private static partial void LogBug(ILogger logger, Exception exception, string requestId);

    [LoggerMessage(3, LogLevel.Warning, "The database did not answer in request {RequestId}")]
    private static partial void LogUnavailable(ILogger logger, Exception exception, string requestId);
}
