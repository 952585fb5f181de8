namespace Tollgate.Identity.Tokens;

/// <summary>What a token says it is, so that one made for another purpose is none here.</summary>
internal sealed class JwsKind
{
    private readonly string _type;
    private readonly bool _ours;

    private JwsKind(string type, bool ours)
    {
        _type = type;
        _ours = ours;
    }

    /// <summary>Our own: always with type and key id, exactly as we write them.</summary>
    public static JwsKind AccessToken { get; } = new("at+jwt", ours: true);

    /// <summary>Of an OpenID Connect provider: many leave the type out, some with one key the key id too.</summary>
    public static JwsKind IdToken { get; } = new("JWT", ours: false);

    public string Type => _type;

    public bool Admits(CompactJws jws) => _ours
        ? string.Equals(jws.Type, _type, StringComparison.Ordinal) && jws.KeyId is not null
        : jws.Type is null || string.Equals(jws.Type, _type, StringComparison.OrdinalIgnoreCase);
}
