using System.Globalization;

namespace Tollgate.Foundation;

/// <summary>Times in query parameters.</summary>
public static class QueryTime
{
    private static readonly string[] Formats = ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mmK"];

    /// <summary>An RFC 3339 time; null when there is none, or when the errors say what is wrong with it.</summary>
    public static DateTimeOffset? Parse(Errors errors, string name, string? text)
    {
        ArgumentNullException.ThrowIfNull(errors);
        if (string.IsNullOrEmpty(text))
            return null;
        // Years at the ends of the calendar would overflow in the arithmetic that follows.
        if (DateTimeOffset.TryParseExact(text, Formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            && time.Year is >= 1970 and < 9000)
            return time;
        errors.Add(name, "NOT_A_TIME", "Use RFC 3339, such as 2026-03-01T00:00:00Z.");
        return null;
    }
}
