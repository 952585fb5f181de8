using System.Globalization;
using Microsoft.AspNetCore.Mvc;
using Tollgate.Foundation;

namespace Tollgate.Catalog.Discovery;

/// <summary>A discovery request that is in order.</summary>
internal sealed record DiscoveryQuery(SearchText? Search, string? Category, string? Tag, string Sort, int Limit, decimal? AfterKey, Guid? AfterId)
{
    public string CursorOf(decimal key, Guid id) => string.Create(CultureInfo.InvariantCulture, $"{Sort}|{key}|{id:N}");
}

internal sealed class DiscoveryParameters : PageParameters
{
    private static readonly string[] Sorts = ["relevance", "popular", "rating", "newest", "price"];

    private decimal? _afterKey;
    private Guid? _afterId;

    [FromQuery(Name = "q")]
    public string? Q { get; init; }

    [FromQuery(Name = "category")]
    public string? Category { get; init; }

    [FromQuery(Name = "tag")]
    public string? Tag { get; init; }

    [FromQuery(Name = "sort")]
    public string? Sort { get; init; }

    public DiscoveryQuery Query => new(SearchText.From(Q), Clean(Category), Clean(Tag)?.ToLowerInvariant(), Order, Count, _afterKey, _afterId);

    private string Order => !string.IsNullOrEmpty(Sort) ? Sort : SearchText.From(Q) is null ? "popular" : "relevance";

    public override void Validate(Errors errors)
    {
        errors.Check((Q?.Length ?? 0) <= SearchText.MaximumLength, "q", "TOO_LONG", $"At most {SearchText.MaximumLength} characters are allowed.");
        errors.Check(Sorts.Contains(Order), "sort", "UNKNOWN_VALUE", $"One of {string.Join(", ", Sorts)}.");
        base.Validate(errors);
    }

    // A cursor belongs to its order: with another one it would start at an arbitrary place. What order was meant by an unknown one cannot be told.
    protected override bool TryReadKey(string key)
    {
        var parts = key.Split('|');
        if (parts.Length != 3 || !(parts[0] == Order || !Sorts.Contains(Order)) || !Guid.TryParseExact(parts[2], "N", out var id)
            || !decimal.TryParse(parts[1], NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var place))
            return false;
        (_afterKey, _afterId) = (place, id);
        return true;
    }

    private static string? Clean(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Replace("\0", "", StringComparison.Ordinal).Trim();
}
