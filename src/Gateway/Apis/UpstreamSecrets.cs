using System.Security.Cryptography;
using System.Text.Json;
using Tollgate.Foundation;

namespace Tollgate.Gateway.Apis;

/// <summary>The secrets between the gateway and a provider's server, sealed for the one API that they belong to: a row copied to another API opens nothing.</summary>
internal sealed class UpstreamSecrets(ISecretBox box)
{
    private const int SigningSecretBytes = 32;

    public static byte[] NewSigningSecret() => RandomNumberGenerator.GetBytes(SigningSecretBytes);

    public byte[] SealHeaders(Guid apiId, IReadOnlyList<KeyValuePair<string, string>> headers) => box.Seal(Headers(apiId), JsonSerializer.SerializeToUtf8Bytes(headers));

    public IReadOnlyList<KeyValuePair<string, string>> OpenHeaders(Guid apiId, byte[] sealedHeaders) =>
        JsonSerializer.Deserialize<List<KeyValuePair<string, string>>>(box.Open(Headers(apiId), sealedHeaders))!;

    public byte[] SealSigningSecret(Guid apiId, byte[] secret) => box.Seal(Signing(apiId), secret);

    public byte[] OpenSigningSecret(Guid apiId, byte[] sealedSecret) => box.Open(Signing(apiId), sealedSecret);

    private static string Headers(Guid apiId) => $"gateway.upstream_headers/{apiId:N}";

    private static string Signing(Guid apiId) => $"gateway.signing_secret/{apiId:N}";
}
