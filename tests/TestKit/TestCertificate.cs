using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Tollgate.TestKit;

/// <summary>A certificate for 127.0.0.1 that signs itself, and its key.</summary>
public sealed class TestCertificate
{
    private TestCertificate(string certificatePem, string keyPem, byte[] pkcs12, string thumbprint) =>
        (CertificatePem, KeyPem, _pkcs12, Thumbprint) = (certificatePem, keyPem, pkcs12, thumbprint);

    public const string Password = "a password";

    private readonly byte[] _pkcs12;

    public string CertificatePem { get; }

    public string KeyPem { get; }

    public string Thumbprint { get; }

    public static TestCertificate Create(DateTimeOffset? notAfter = null, bool rsa = false)
    {
        using AsymmetricAlgorithm key = rsa ? RSA.Create(2048) : ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = key is RSA one
            ? new CertificateRequest("CN=127.0.0.1", one, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest("CN=127.0.0.1", (ECDsa)key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        var now = TimeProvider.System.GetUtcNow();
        var end = notAfter ?? now.AddDays(90);
        using var signed = request.CreateSelfSigned((end < now ? end : now).AddDays(-1), end);
        return new TestCertificate(signed.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem(), signed.Export(X509ContentType.Pkcs12, Password), signed.Thumbprint);
    }

    /// <summary>As <c>cert.pem</c> and <c>key.pem</c>, each put in place by a rename.</summary>
    public void WriteTo(string folder)
    {
        Put(Path.Combine(folder, "cert.pem"), CertificatePem);
        Put(Path.Combine(folder, "key.pem"), KeyPem);
    }

    /// <summary>As <c>both.pfx</c> and <c>password</c>.</summary>
    public void WritePkcs12To(string folder)
    {
        File.WriteAllBytes(Path.Combine(folder, "both.pfx"), _pkcs12);
        File.WriteAllText(Path.Combine(folder, "password"), Password + "\n");
    }

    /// <summary>With its key, for a server of the test's own.</summary>
    public X509Certificate2 ForServer() => X509CertificateLoader.LoadPkcs12(_pkcs12, Password);

    private static void Put(string path, string text)
    {
        File.WriteAllText(path + ".new", text);
        File.Move(path + ".new", path, overwrite: true);
    }
}
