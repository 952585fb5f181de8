using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace Tollgate.Foundation;

/// <summary>Failures as RFC 9457 problem+json: type, title, status, detail, instance and the members code, request_id and errors.</summary>
public static class Problems
{
    public const string ContentType = "application/problem+json";

    private static readonly object Code = new();

    public static IResult Result(Failure failure) => new ProblemResult(failure);

    /// <summary>The code of the problem that this request was answered with.</summary>
    internal static string? CodeOf(HttpContext context) => context.Items.TryGetValue(Code, out var code) ? code as string : null;

    /// <summary>The <c>type</c> of a code: a stable relative address that the product's own documentation answers.</summary>
    public static string TypeOf(string code)
    {
        ArgumentNullException.ThrowIfNull(code);
        return $"/docs/problems#{code.ToLowerInvariant().Replace('_', '-')}";
    }

    internal static Dictionary<string, object?> Members(int status, string code, string detail, string requestId) => new(StringComparer.Ordinal)
    {
        ["type"] = TypeOf(code),
        ["title"] = Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status),
        ["status"] = status,
        ["detail"] = detail,
        ["code"] = code,
        ["request_id"] = requestId,
    };

    private sealed class ProblemResult(Failure failure) : IResult, IStatusCodeHttpResult
    {
        public int? StatusCode => failure.Status;

        public async Task ExecuteAsync(HttpContext httpContext)
        {
            if (failure.RetryAfterSeconds is { } seconds)
                httpContext.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
            httpContext.Items[Code] = failure.Code;
            httpContext.Response.StatusCode = failure.Status;
            var body = Members(failure.Status, failure.Code, failure.Message, RequestId.Of(httpContext));
            body["instance"] = httpContext.Request.Path.Value;
            if (failure.Errors is { Count: > 0 } errors)
                body["errors"] = errors;
            var bytes = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(body, Json.Options);
            httpContext.Response.ContentType = ContentType;
            httpContext.Response.ContentLength = bytes.Length;
            await httpContext.Response.Body.WriteAsync(bytes, httpContext.RequestAborted).ConfigureAwait(false);
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
