namespace Tollgate.Gateway.OpenApi;

/// <summary>Text of a foreign document made fit to be stored and shown: PostgreSQL takes no NUL, and nobody reads a summary of a megabyte.</summary>
internal static class Plain
{
    public static string? Text(string? text, int maximum)
    {
        if (text is null)
            return null;
        text = text.Replace('\0', '\uFFFD');
        if (text.Length <= maximum)
            return text;
        var end = char.IsHighSurrogate(text[maximum - 2]) ? maximum - 2 : maximum - 1;
        return string.Concat(text.AsSpan(0, end), "…");
    }
}
