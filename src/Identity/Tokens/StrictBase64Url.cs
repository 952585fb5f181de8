using System.Buffers.Text;

namespace Tollgate.Identity.Tokens;

/// <summary>base64url as RFC 7515 section 2 has it. The framework's decoder passes over padding and white space, so what it read is written again and compared.</summary>
internal static class StrictBase64Url
{
    public static byte[]? Decode(ReadOnlySpan<char> text)
    {
        try
        {
            var bytes = Base64Url.DecodeFromChars(text);
            return text.SequenceEqual(Base64Url.EncodeToString(bytes)) ? bytes : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
