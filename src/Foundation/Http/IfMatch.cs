using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Tollgate.Foundation;

/// <summary>Edits name the version that they edit (RFC 9110, 13.1.1): <c>ETag: "3"</c> on answers, <c>If-Match: "3"</c> on edits.</summary>
public static class IfMatch
{
    /// <summary>The version named by If-Match; PRECONDITION_REQUIRED (428) without one, PRECONDITION_FAILED (412) when it is none of ours.</summary>
    public static Outcome<int> Require(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var header = context.Request.Headers.IfMatch.ToString();
        if (header.Length == 0)
            return new Failure(FailureKind.PreconditionRequired, "PRECONDITION_REQUIRED", "Send If-Match with the ETag of the version that you edit.");
        var text = header.StartsWith("W/", StringComparison.Ordinal) ? header[2..] : header;
        return int.TryParse(text.Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : Failed();
    }

    public static Failure Failed() => new(FailureKind.PreconditionFailed, "PRECONDITION_FAILED",
        "Somebody changed it since you read it. Read it again and repeat your edit on the newest version.");

    public static void SetETag(HttpContext context, int version)
    {
        ArgumentNullException.ThrowIfNull(context);
        context.Response.Headers.ETag = string.Create(CultureInfo.InvariantCulture, $"\"{version}\"");
    }
}
