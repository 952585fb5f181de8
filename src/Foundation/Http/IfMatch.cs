using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Tollgate.Foundation;

/// <summary>Edits name the version that they edit (RFC 9110, 13.1.1): <c>ETag: "3"</c> on answers, <c>If-Match: "3"</c> on edits.</summary>
public static class IfMatch
{
    /// <summary>
    /// What If-Match asks for: one of some versions, or with <c>*</c> any. PRECONDITION_REQUIRED (428) without the header. Tags are compared strongly: a weak
    /// one, and one that is none of ours, matches nothing.
    /// </summary>
    public static Outcome<ExpectedVersion> Require(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var header = context.Request.Headers.IfMatch.ToString();
        if (header.Length == 0)
            return new Failure(FailureKind.PreconditionRequired, "PRECONDITION_REQUIRED", "Send If-Match with the ETag of the version that you edit.");
        var tags = header.Split(',', StringSplitOptions.TrimEntries);
        return tags is ["*"] ? ExpectedVersion.Any : new ExpectedVersion([.. tags.Select(VersionOf).OfType<int>()]);
    }

    public static Failure Failed() => new(FailureKind.PreconditionFailed, "PRECONDITION_FAILED",
        "Somebody changed it since you read it. Read it again and repeat your edit on the newest version.");

    public static void SetETag(HttpContext context, int version)
    {
        ArgumentNullException.ThrowIfNull(context);
        context.Response.Headers.ETag = string.Create(CultureInfo.InvariantCulture, $"\"{version}\"");
    }

    private static int? VersionOf(string tag) =>
        int.TryParse(tag.Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : null;
}

/// <summary>The versions that an edit is meant for; null means whichever there is.</summary>
public readonly record struct ExpectedVersion(int[]? Versions)
{
    public static ExpectedVersion Any { get; } = new(null);

    public bool Matches(int current) => Versions is null || Versions.Contains(current);

    public static implicit operator ExpectedVersion(int version) => new([version]);
}
