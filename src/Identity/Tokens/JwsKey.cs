using System.Security.Cryptography;

namespace Tollgate.Identity.Tokens;

internal static class JwsAlgorithm
{
    public const string Es256 = "ES256";
    public const string Rs256 = "RS256";
    public const string Ps256 = "PS256";
}

/// <summary>A key that verifies, for one algorithm only: what the token's header says cannot change what the key is used for.</summary>
internal sealed class JwsKey : IDisposable
{
    private readonly ECDsa? _curve;
    private readonly RSA? _rsa;
    private readonly RSASignaturePadding _padding = RSASignaturePadding.Pkcs1;

    public JwsKey(string? id, ECDsa key) => (Id, Algorithm, _curve) = (id, JwsAlgorithm.Es256, key);

    public JwsKey(string? id, RSA key, bool pss)
    {
        (Id, Algorithm, _rsa) = (id, pss ? JwsAlgorithm.Ps256 : JwsAlgorithm.Rs256, key);
        _padding = pss ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1;
    }

    public string? Id { get; }

    public string Algorithm { get; }

    /// <summary>The framework refuses a signature of another length than the key's.</summary>
    public bool Verifies(ReadOnlySpan<byte> input, ReadOnlySpan<byte> signature) => _curve is not null
        ? _curve.VerifyData(input, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation)
        : _rsa!.VerifyData(input, signature, HashAlgorithmName.SHA256, _padding);

    public void Dispose()
    {
        _curve?.Dispose();
        _rsa?.Dispose();
    }
}
