using System.Buffers.Text;
using System.Text.Json;
using Tollgate.Identity.Tokens;

namespace Tollgate.Wycheproof;

internal enum Label
{
    Valid,
    Invalid,
    Acceptable,
}

/// <summary>Runs the tests of one group with the group's key and says what the right verdict is.</summary>
internal static class Judge
{
    private static readonly string[] Ours = [JwsAlgorithm.Es256, JwsAlgorithm.Rs256, JwsAlgorithm.Ps256];

    public static int Group(string file, JsonElement group, Tally tally)
    {
        var key = group.TryGetProperty("public", out var published) ? published : group.GetProperty("private");
        using var keys = JsonWebKeys.Read(KeySet(key)) ?? throw new InvalidDataException($"{file}: a group whose key set cannot be read");
        var tests = 0;
        foreach (var test in group.GetProperty("tests").EnumerateArray())
        {
            tests++;
            var id = test.GetProperty("tcId").GetInt32();
            var name = $"{file} {id} ({group.GetProperty("comment").GetString()}, {test.GetProperty("comment").GetString()})";
            var label = Enum.Parse<Label>(test.GetProperty("result").GetString()!, ignoreCase: true);
            var encrypted = !test.TryGetProperty("jws", out var token);
            if (encrypted)
                token = test.GetProperty("jwe");
            // One with JSON serialization is an object in some of the files.
            var text = token.ValueKind == JsonValueKind.String ? token.GetString()! : token.GetRawText();
            tally.Add(file, encrypted ? "JWE" : CompactJws.Read(text)?.Algorithm ?? "malformed", Verdict(text, label, Jws.Verify(text, JwsKind.IdToken, keys) is not null), name);
            if (!encrypted && Hmac.Key(key) is { } secret)
                tally.AddForm(Hmac.Verdict(file, id, text, label, secret), name);
        }
        return tests;
    }

    // A valid token of an algorithm that we do not have must be refused. An acceptable one may be accepted or not, says the collection.
    private static Verdict Verdict(string token, Label label, bool accepted) => (label, accepted) switch
    {
        (Label.Valid, true) => Wycheproof.Verdict.Accepted,
        (Label.Valid, false) => IsOurs(token) ? Wycheproof.Verdict.WronglyRefused : Wycheproof.Verdict.NotOurs,
        (Label.Invalid, true) => Wycheproof.Verdict.WronglyAccepted,
        (Label.Invalid, false) => Wycheproof.Verdict.Refused,
        _ => accepted ? Wycheproof.Verdict.Accepted : Wycheproof.Verdict.Refused,
    };

    // Read without the product's help, and whatever else stands in it: a header that the product fails to read must not excuse it.
    private static bool IsOurs(string token)
    {
        var header = string.Concat(token.Split('.')[0].Where(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_'));
        using var document = JsonDocument.Parse(Base64Url.DecodeFromChars(header));
        return Ours.Contains(document.RootElement.GetProperty("alg").GetString(), StringComparer.Ordinal);
    }

    private static byte[] KeySet(JsonElement key) =>
        JsonSerializer.SerializeToUtf8Bytes(key.TryGetProperty("keys", out _) ? key : JsonSerializer.SerializeToElement(new { keys = new[] { key } }));
}
