using System.Text;

namespace Tollgate.Foundation;

/// <summary>One page of a list. <see cref="Next"/> is the value of <c>after</c> for the following page, null on the last.</summary>
public sealed record Page<T>(IReadOnlyList<T> Data, bool HasMore, string? Next)
{
    /// <summary>Cuts a list that was read with one row more than <paramref name="limit"/>.</summary>
    public static Page<T> Cut(IReadOnlyList<T> rowsPlusOne, int limit, Func<T, string> cursor)
    {
        ArgumentNullException.ThrowIfNull(rowsPlusOne);
        ArgumentNullException.ThrowIfNull(cursor);
        if (rowsPlusOne.Count <= limit)
            return new Page<T>(rowsPlusOne, HasMore: false, Next: null);
        var rows = rowsPlusOne.Take(limit).ToList();
        return new Page<T>(rows, HasMore: true, Cursor.Encode(cursor(rows[^1])));
    }
}

/// <summary>Opaque list cursors: base64url of the last row's sort key.</summary>
public static class Cursor
{
    public const int DefaultLimit = 50;
    public const int MaximumLimit = 200;

    public static string Encode(string key) => System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(key));

    /// <summary>The sort key in a cursor; null when it is none of ours.</summary>
    public static string? Decode(string after)
    {
        try
        {
            return Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(after));
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
