using System.Globalization;
using Microsoft.AspNetCore.Mvc;

namespace Tollgate.Foundation;

/// <summary>
/// The query parameters of a list, bound with <c>[AsParameters]</c>; a list with more of them derives its own set. They are texts, as all query parameters
/// here: the framework answers the first value that it cannot convert and says nothing of the others.
/// </summary>
public abstract class PageParameters : IRequest
{
    private int _count = Cursor.DefaultLimit;

    [FromQuery(Name = "limit")]
    public string? Limit { get; init; }

    [FromQuery(Name = "after")]
    public string? After { get; init; }

    /// <summary>How many rows a page has.</summary>
    public int Count => _count;

    public virtual void Validate(Errors errors)
    {
        ArgumentNullException.ThrowIfNull(errors);
        if (!string.IsNullOrEmpty(Limit))
        {
            var number = int.TryParse(Limit, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _count);
            errors.Check(number, "limit", "TYPE_INVALID", "A whole number.");
            errors.Check(!number || _count is >= 1 and <= Cursor.MaximumLimit, "limit", "OUT_OF_RANGE", $"Between 1 and {Cursor.MaximumLimit}.");
        }
        if (!string.IsNullOrEmpty(After))
            errors.Check(Cursor.Decode(After) is { } key && TryReadKey(key), "after", "CURSOR_INVALID", "Use the value of `next` of the page before, with the same order.");
    }

    /// <summary>Keeps the sort key of the last row of the page before; false when it is none of this list.</summary>
    protected abstract bool TryReadKey(string key);
}

/// <summary>Of a list in the order of its rows' ids.</summary>
public abstract class IdPageParameters : PageParameters
{
    private Guid? _last;

    /// <summary>The last row of the page before.</summary>
    public Guid? Last => _last;

    protected override bool TryReadKey(string key)
    {
        _last = Guid.TryParse(key, out var id) ? id : null;
        return _last is not null;
    }
}
