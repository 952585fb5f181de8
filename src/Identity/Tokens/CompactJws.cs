using System.Text;
using System.Text.Json;

namespace Tollgate.Identity.Tokens;

/// <summary>
/// A JWS in compact serialization (RFC 7515 section 7.1), taken apart and not verified. Only well-formed ones get this far: three parts in strict base64url,
/// a header that is one JSON object with an algorithm and without a demand that nobody here meets.
/// </summary>
internal sealed record CompactJws(string Algorithm, string? KeyId, string? Type, byte[] SigningInput, byte[] Payload, byte[] Signature)
{
    private const int MaximumLength = 8 * 1024;

    public static CompactJws? Read(string token)
    {
        Span<Range> parts = stackalloc Range[4];
        var text = token.AsSpan();
        if (text.Length > MaximumLength || text.Split(parts, '.') != 3)
            return null;
        if (StrictBase64Url.Decode(text[parts[0]]) is not { } header || StrictBase64Url.Decode(text[parts[1]]) is not { } payload
            || StrictBase64Url.Decode(text[parts[2]]) is not { Length: > 0 } signature)
            return null;
        return StrictJson.Object(header) is { } root && Understood(root)
            && StrictJson.TryText(root, "alg", out var algorithm) && algorithm is not null
            && StrictJson.TryText(root, "kid", out var keyId) && StrictJson.TryText(root, "typ", out var type)
            ? new CompactJws(algorithm, keyId, type, Encoding.ASCII.GetBytes(token, 0, parts[1].End.GetOffset(text.Length)), payload, signature)
            : null;
    }

    // `b64` (RFC 7797) changes what is signed. It may not stand without `crit`, but a reader that passed over it would read another payload.
    private static bool Understood(JsonElement header) => !header.TryGetProperty("crit", out _) && !header.TryGetProperty("b64", out _);
}
