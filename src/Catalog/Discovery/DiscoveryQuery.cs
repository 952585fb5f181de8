using System.Globalization;
using Tollgate.Foundation;

namespace Tollgate.Catalog.Discovery;

/// <summary>A discovery request that is in order.</summary>
internal sealed record DiscoveryQuery(SearchText? Search, string? Category, string? Tag, string Sort, int Limit, decimal? AfterKey, Guid? AfterId)
{
    private static readonly string[] Sorts = ["relevance", "popular", "rating", "newest", "price"];

    public static Outcome<DiscoveryQuery> From(string? q, string? category, string? tag, string? sort, int? limit, string? after)
    {
        var errors = new Errors();
        errors.Check((q?.Length ?? 0) <= SearchText.MaximumLength, "q", "TOO_LONG", $"At most {SearchText.MaximumLength} characters are allowed.");
        var search = SearchText.From(q);
        sort = string.IsNullOrEmpty(sort) ? (search is null ? "popular" : "relevance") : sort;
        errors.Check(Sorts.Contains(sort), "sort", "UNKNOWN_VALUE", $"One of {string.Join(", ", Sorts)}.");
        if (errors.Any)
            return errors.ToFailure();
        var size = Cursor.Limit(limit);
        if (size.Failure is { } outOfRange)
            return outOfRange;
        var cursor = Cursor.Decode(after);
        if (cursor.Failure is { } unreadable)
            return unreadable;
        var query = new DiscoveryQuery(search, Clean(category), Clean(tag)?.ToLowerInvariant(), sort, size.Value, null, null);
        if (cursor.Value is not { } text)
            return query;
        // A cursor belongs to its order: with another one it would start at an arbitrary place.
        var parts = text.Split('|');
        if (parts.Length == 3 && parts[0] == sort && decimal.TryParse(parts[1], NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var key)
            && Guid.TryParseExact(parts[2], "N", out var id))
            return query with { AfterKey = key, AfterId = id };
        return Failure.Invalid("after", "CURSOR_INVALID", "Use the value of `next` of the page before, with the same sort.");
    }

    public string CursorOf(decimal key, Guid id) => string.Create(CultureInfo.InvariantCulture, $"{Sort}|{key}|{id:N}");

    private static string? Clean(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Replace("\0", "", StringComparison.Ordinal).Trim();
}
