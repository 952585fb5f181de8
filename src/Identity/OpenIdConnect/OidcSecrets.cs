using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Tollgate.Identity.OpenIdConnect;

/// <summary>The nonce and the PKCE verifier of one sign-in, derived from the secret that the asking browser alone holds: none of them is stored.</summary>
internal sealed class OidcSecrets(string binding)
{
    public string Verifier => Derive("code_verifier");

    public string Nonce => Derive("nonce");

    /// <summary>RFC 7636, 4.2: S256.</summary>
    public string CodeChallenge => Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier)));

    private string Derive(string purpose) => Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(binding), Encoding.UTF8.GetBytes($"tollgate oidc {purpose}")));
}
