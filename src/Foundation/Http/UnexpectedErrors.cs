using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;
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
            FailureException refused => refused.Failure,
            InvalidOperationException when HasUnknownCharset(httpContext.Request) =>
                new Failure(FailureKind.UnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", "Send the body as application/json in UTF-8."),
            NpgsqlException { IsTransient: true } or TimeoutException =>
                new Failure(FailureKind.Unavailable, "DATABASE_UNAVAILABLE", "The database does not answer. Nothing was changed; try again.") { RetryAfterSeconds = 2 },
            _ => null,
        };
        if (failure is null)
            LogBug(logger, exception, RequestId.Of(httpContext));
        else if (failure.Kind == FailureKind.Unavailable && exception is not FailureException)
            LogUnavailable(logger, exception, RequestId.Of(httpContext));
        await Problems.Result(failure ?? Bug).ExecuteAsync(httpContext).ConfigureAwait(false);
        return true;
    }

    private static readonly Failure Bug = new((FailureKind)(-1), "INTERNAL_ERROR", "Something went wrong on our side. Quote the request id when you report it.");

    private static Failure Malformed(BadHttpRequestException exception) => exception.InnerException is System.Text.Json.JsonException json
        ? Failure.Invalid(json.Path is { Length: > 2 } path ? path[2..] : "body", "MALFORMED_JSON",
            $"The body is not the JSON that is expected here{(json.LineNumber is { } line ? $" (line {line + 1})" : "")}.") with
        { Kind = FailureKind.Malformed, Code = "MALFORMED_JSON" }
        : Unreadable(exception);

    // The framework's own sentences name types of this program; of them only the parameter's name concerns the caller.
    private static Failure Unreadable(BadHttpRequestException exception)
    {
        if (UnreadParameter().Match(exception.Message) is { Success: true } match)
            return new Failure(FailureKind.Malformed, "BAD_REQUEST", "A parameter of the address cannot be read.",
                [new FieldError(JsonNamingPolicy.SnakeCaseLower.ConvertName(match.Groups["name"].Value), "TYPE_INVALID", "The value is not of the type that is expected here.")]);
        var body = exception.StatusCode == StatusCodes.Status415UnsupportedMediaType || exception.Message.Contains("no body was provided", StringComparison.Ordinal)
            // Of a DELETE, whose body has to be asked for.
            || exception.Message.Contains("was not provided from body", StringComparison.Ordinal);
        return new Failure(FailureKind.Malformed, "BAD_REQUEST", body ? "Send a body as application/json." : "The request is not well formed, or ended early.");
    }

    // For these the framework throws no exception of its own kind.
    private static bool HasUnknownCharset(HttpRequest request) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out var type) && type.Charset.HasValue && type.Encoding is null;

    [GeneratedRegex("^Failed to bind parameter \"[^\"]* (?<name>[^\" ]+)\" from ", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 100)]
    private static partial Regex UnreadParameter();

    [LoggerMessage(2, LogLevel.Error, "Unexpected error in request {RequestId}")]
    private static partial void LogBug(ILogger logger, Exception exception, string requestId);

    [LoggerMessage(3, LogLevel.Warning, "The database did not answer in request {RequestId}")]
    private static partial void LogUnavailable(ILogger logger, Exception exception, string requestId);
}
