using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace Tollgate.Foundation;

/// <summary>Failures as RFC 9457 problem+json: type, title, status, detail, instance and the members code, request_id and errors.</summary>
public static class Problems
{
    public const string ContentType = "application/problem+json";

    public static IResult Result(Failure failure) => new ProblemResult(failure);

    /// <summary>The <c>type</c> of a code: a stable relative address that the product's own documentation answers.</summary>
    public static string TypeOf(string code)
    {
        ArgumentNullException.ThrowIfNull(code);
        return $"/docs/problems#{code.ToLowerInvariant().Replace('_', '-')}";
    }

    private sealed class ProblemResult(Failure failure) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            if (failure.RetryAfterSeconds is { } seconds)
                httpContext.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
            httpContext.Response.StatusCode = failure.Status;
            var body = new Dictionary<string, object?>(StringComparer.Ordinal)
            {
                ["type"] = TypeOf(failure.Code),
                ["title"] = Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(failure.Status),
                ["status"] = failure.Status,
                ["detail"] = failure.Message,
                ["instance"] = httpContext.Request.Path.Value,
                ["code"] = failure.Code,
                ["request_id"] = RequestId.Of(httpContext),
            };
            if (failure.Errors is { Count: > 0 } errors)
                body["errors"] = errors;
            await httpContext.Response.WriteAsJsonAsync(body, Json.Options, ContentType, httpContext.RequestAborted).ConfigureAwait(false);
        }
    }
}

/// <summary>The id of the request in hand: taken from X-Request-Id when that is 8 to 64 safe characters, else made; sent back on every answer.</summary>
public static class RequestId
{
    public const string Header = "X-Request-Id";

    public static string Of(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.TraceIdentifier;
    }
}
