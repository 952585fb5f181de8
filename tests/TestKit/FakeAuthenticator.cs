using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Tollgate.TestKit;

/// <summary>
/// A person's device with one passkey (WebAuthn, ES256, no attestation), and the browser that speaks for it. What a test changes of it is what an attacker could:
/// where the page comes from, whether the person was checked, what is signed.
/// </summary>
public sealed class FakeAuthenticator(Uri page) : IDisposable
{
    private const byte UserPresent = 0x01;
    private const byte UserVerified = 0x04;
    private const byte HasCredential = 0x40;

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly byte[] _id = RandomNumberGenerator.GetBytes(16);
    private string _user = "";
    private uint _signs;

    /// <summary>Of the page that asks, as the browser tells it.</summary>
    public string Origin { get; set; } = page.GetLeftPart(UriPartial.Authority);

    /// <summary>The site that the device believes to be at.</summary>
    public string Site { get; set; } = page.Host;

    public bool ChecksThePerson { get; set; } = true;

    public bool InAForeignFrame { get; set; }

    public bool SignsWrong { get; set; }

    public void Dispose() => _key.Dispose();

    /// <summary>The answer to the options of a registration, as a browser's <c>PublicKeyCredential.toJSON()</c>.</summary>
    public object Create(JsonElement options)
    {
        _user = options.GetProperty("user").GetProperty("id").GetString()!;
        byte[] credential = [.. new byte[16], 0, (byte)_id.Length, .. _id, .. PublicKey()];
        byte[] data = [.. Data(HasCredential), .. credential];
        byte[] attestation = [0xA3, 0x63, .. "fmt"u8, 0x64, .. "none"u8, 0x67, .. "attStmt"u8, 0xA0, 0x68, .. "authData"u8, 0x58, (byte)data.Length, .. data];
        return Credential(new { clientDataJSON = Encode(Said("webauthn.create", options)), attestationObject = Encode(attestation), transports = new[] { "internal" } });
    }

    /// <summary>The answer to the options of a sign-in.</summary>
    public object Get(JsonElement options)
    {
        _signs++;
        var (said, data) = (Said("webauthn.get", options), Data(0));
        byte[] input = [.. data, .. SHA256.HashData(said)];
        if (SignsWrong)
            input[^1] ^= 1;
        var signature = _key.SignData(input, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        return Credential(new { clientDataJSON = Encode(said), authenticatorData = Encode(data), signature = Encode(signature), userHandle = _user });
    }

    private object Credential(object response) => new { id = Encode(_id), rawId = Encode(_id), type = "public-key", authenticatorAttachment = "platform", clientExtensionResults = new { }, response };

    private byte[] Said(string type, JsonElement options) =>
        JsonSerializer.SerializeToUtf8Bytes(new { type, challenge = options.GetProperty("challenge").GetString(), origin = Origin, crossOrigin = InAForeignFrame });

    private byte[] Data(byte more)
    {
        var counter = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(counter, _signs);
        return [.. SHA256.HashData(Encoding.UTF8.GetBytes(Site)), (byte)(UserPresent | (ChecksThePerson ? UserVerified : 0) | more), .. counter];
    }

    // RFC 9053, 7.1.1: kty EC2, alg ES256, crv P-256, x, y.
    private byte[] PublicKey()
    {
        var point = _key.ExportParameters(includePrivateParameters: false).Q;
        return [0xA5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20, .. point.X!, 0x22, 0x58, 0x20, .. point.Y!];
    }

    private static string Encode(byte[] bytes) => Base64Url.EncodeToString(bytes);
}
