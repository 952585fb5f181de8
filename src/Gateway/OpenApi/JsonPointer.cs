using System.Globalization;
using System.Text;

namespace Tollgate.Gateway.OpenApi;

/// <summary>JSON pointers (RFC 6901), as plain text and as the fragment of a reference.</summary>
internal static class JsonPointer
{
    public static StringBuilder AppendToken(this StringBuilder pointer, string token) =>
        pointer.Append('/').Append(token.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal));

    public static string Of(params ReadOnlySpan<string> tokens)
    {
        var pointer = new StringBuilder();
        foreach (var token in tokens)
            pointer.AppendToken(token);
        return pointer.ToString();
    }

    /// <summary>The node that a fragment such as <c>/components/schemas/Pet</c> points at (after the <c>#</c>, percent-encoded), or null.</summary>
    public static Node? Resolve(Node from, string fragment)
    {
        if (fragment.Length == 0)
            return from;
        if (fragment[0] != '/')
            return null;
        Node? node = from;
        foreach (var encoded in fragment.Split('/').Skip(1))
        {
            var token = Decode(encoded);
            node = node switch
            {
                { IsObject: true } parent => parent[token] ?? (token == encoded ? null : parent[encoded]),
                { IsArray: true } parent when int.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out var index) => Item(parent, index),
                _ => null,
            };
            if (node is null)
                return null;
        }
        return node;
    }

    private static Node? Item(Node array, int index)
    {
        foreach (var item in array.Items())
        {
            if (index-- == 0)
                return item;
        }
        return null;
    }

    private static string Decode(string token)
    {
        if (token.Contains('%', StringComparison.Ordinal))
            token = Uri.UnescapeDataString(token);
        return token.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
    }
}
