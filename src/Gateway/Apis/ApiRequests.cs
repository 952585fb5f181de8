using System.Text.Json;
using System.Text.RegularExpressions;
using Tollgate.Foundation;
using Tollgate.Gateway.Upstreams;

namespace Tollgate.Gateway.Apis;

internal sealed class CreateApiRequest : IRequest
{
    /// <summary>Id or slug; the caller's personal organization without it.</summary>
    public string? Organization { get; init; }

    public string? Name { get; init; }

    public string? Slug { get; init; }

    public string? UpstreamUrl { get; init; }

    /// <summary>The OpenAPI document: an object, or a text of JSON or YAML.</summary>
    public JsonElement? Openapi { get; init; }

    public string? Category { get; init; }

    public IReadOnlyList<string?>? Tags { get; init; }

    public string? Summary { get; init; }

    public string? Description { get; init; }

    public void Validate(Errors errors)
    {
        ApiFields.Line(errors, "name", Name, 1, ApiFields.MaximumName);
        ApiFields.Slug(errors, Slug);
        Upstreams.UpstreamUrl.Validate(errors, "upstream_url", UpstreamUrl);
        ApiFields.Document(errors, Openapi, required: true);
        ApiFields.Presentation(errors, Summary, Description, Category, Tags);
    }

}

/// <summary>What is absent stays as it is.</summary>
internal sealed class EditApiRequest : IRequest
{
    public string? Name { get; init; }

    public string? Summary { get; init; }

    public string? Description { get; init; }

    public string? Category { get; init; }

    public IReadOnlyList<string?>? Tags { get; init; }

    public string? UpstreamUrl { get; init; }

    /// <summary>The whole set. One without a value keeps the value that it has.</summary>
    public IReadOnlyList<UpstreamHeaderBody?>? UpstreamHeaders { get; init; }

    public int? TimeoutMs { get; init; }

    public JsonElement? Openapi { get; init; }

    /// <summary>For a new document with findings of severity error of an API that is published.</summary>
    public bool? AcceptFindings { get; init; }

    public void Validate(Errors errors)
    {
        if (Name is not null)
            ApiFields.Line(errors, "name", Name, 1, ApiFields.MaximumName);
        if (UpstreamUrl is not null)
            Upstreams.UpstreamUrl.Validate(errors, "upstream_url", UpstreamUrl);
        errors.Check(TimeoutMs is null or (>= ApiFields.MinimumTimeoutMs and <= ApiFields.MaximumTimeoutMs), "timeout_ms", "OUT_OF_RANGE",
            $"Between {ApiFields.MinimumTimeoutMs} and {ApiFields.MaximumTimeoutMs} milliseconds.");
        ApiFields.Document(errors, Openapi, required: false);
        ApiFields.Presentation(errors, Summary, Description, Category, Tags);
        ValidateHeaders(errors);
    }

    private void ValidateHeaders(Errors errors)
    {
        if (UpstreamHeaders is null)
            return;
        errors.Check(UpstreamHeaders.Count <= UpstreamHeaderRules.Maximum, "upstream_headers", "TOO_MANY", $"At most {UpstreamHeaderRules.Maximum} headers are allowed.");
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (index, header) in UpstreamHeaders.Take(UpstreamHeaderRules.Maximum).Index())
        {
            UpstreamHeaderRules.Validate(errors, $"upstream_headers[{index}]", header?.Name, header?.Value);
            errors.Check(header?.Name is null || names.Add(header.Name), $"upstream_headers[{index}].name", "DUPLICATE", "This header is in the list twice.");
        }
    }
}

internal sealed record UpstreamHeaderBody(string? Name, string? Value);

internal sealed class PublishApiRequest : IRequest
{
    /// <summary>Needed when the document has findings of severity error.</summary>
    public bool? AcceptFindings { get; init; }

    public void Validate(Errors errors)
    {
    }
}

/// <summary>The rules of the fields that creating and editing share.</summary>
internal static partial class ApiFields
{
    public const int MaximumName = 100;
    public const int MaximumSummary = 200;
    public const int MaximumDescription = 20_000;
    public const int MaximumSlug = 60;
    public const int MaximumTags = 10;
    public const int MinimumTimeoutMs = 100;
    public const int MaximumTimeoutMs = 300_000;
    public const int DefaultTimeoutMs = 30_000;
    public const string DefaultCategory = "other";

    // They are the first segment of an address of the product itself, now or later.
    private static readonly HashSet<string> ReservedSlugs = new(["discover", "publish", "listings", "api", "_api", "auth", "platform", "v1", "metrics"], StringComparer.Ordinal);

    public static void Line(Errors errors, string path, string? value, int min, int max)
    {
        errors.Text(path, value, min, max);
        errors.Check(value is null || !value.Any(c => char.IsControl(c) && c != '\0'), path, "CONTROL_CHARACTER", "Line breaks and other control characters are not allowed here.");
    }

    public static void Slug(Errors errors, string? slug)
    {
        errors.Text("slug", slug, 1, MaximumSlug);
        if (string.IsNullOrWhiteSpace(slug))
            return;
        errors.Check(Segment().IsMatch(slug), "slug", "SLUG_INVALID", "Lower-case letters and digits, with single hyphens between them.");
        errors.Check(!ReservedSlugs.Contains(slug), "slug", "SLUG_RESERVED", "This word is part of Tollgate's own addresses. Choose another one.");
    }

    public static void Document(Errors errors, JsonElement? document, bool required)
    {
        if (document is null or { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined })
            errors.Check(!required, "openapi", "REQUIRED", "This field is required.");
        else
            errors.Check(document.Value.ValueKind is JsonValueKind.Object or JsonValueKind.String, "openapi", "TYPE_INVALID", "The document as an object, or as a text of JSON or YAML.");
    }

    public static void Presentation(Errors errors, string? summary, string? description, string? category, IReadOnlyList<string?>? tags)
    {
        Line(errors, "summary", summary, 0, MaximumSummary);
        errors.Text("description", description, 0, MaximumDescription);
        errors.Check(category is null || (category.Length <= 40 && Segment().IsMatch(category)), "category", "CATEGORY_INVALID", "Lower-case letters and digits, with single hyphens between them.");
        if (tags is null)
            return;
        errors.Check(tags.Count <= MaximumTags, "tags", "TOO_MANY", $"At most {MaximumTags} tags are allowed.");
        foreach (var (index, tag) in tags.Take(MaximumTags).Index())
            Line(errors, $"tags[{index}]", tag, 1, 30);
    }

    public static string[] CleanTags(IReadOnlyList<string?>? tags) => [.. (tags ?? []).Select(tag => tag!.Trim().ToLowerInvariant()).Distinct(StringComparer.Ordinal)];

    [GeneratedRegex(@"^[a-z0-9](-?[a-z0-9])*\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Segment();
}
