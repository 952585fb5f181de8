using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Tollgate.Gateway.Tls;

/// <summary>A certificate with its key and those that lead to its root, as some files held them.</summary>
internal sealed record LoadedCertificate(X509Certificate2 Leaf, X509Certificate2Collection Others);

/// <summary>The bytes of the files at one moment.</summary>
internal sealed class CertificateFiles
{
    private readonly TlsOptions _options;
    private readonly byte[] _certificate;
    private readonly byte[] _key;
    private readonly string? _password;

    private CertificateFiles(TlsOptions options)
    {
        _options = options;
        _certificate = Read("Certificate", options.Certificate ?? throw new CertificateException("Gateway__Url has an https address: Gateway__Tls__Certificate must name the file of its certificate."));
        _key = options.Key is { } key ? Read("Key", key) : [];
        _password = options.PasswordFile is { } password ? Encoding.UTF8.GetString(Read("PasswordFile", password)).TrimEnd('\r', '\n') : null;
        Digest = SHA256.HashData([.. SHA256.HashData(_certificate), .. SHA256.HashData(_key), .. Encoding.UTF8.GetBytes(_password ?? "")]);
    }

    /// <summary>Tells one content from another.</summary>
    public byte[] Digest { get; }

    /// <exception cref="CertificateException">A file is not there, or may not be read.</exception>
    public static CertificateFiles Read(TlsOptions options) => new(options);

    /// <exception cref="CertificateException">They hold no certificate with the key that belongs to it.</exception>
    public LoadedCertificate Load()
    {
        try
        {
            return _certificate.AsSpan().IndexOf("-----BEGIN"u8) >= 0 ? LoadPem() : LoadPkcs12();
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            var files = _options.Key is { } key ? $"{_options.Certificate} and {key} hold" : $"{_options.Certificate} holds";
            throw new CertificateException($"Gateway__Tls: {files} no certificate with the key that belongs to it: {exception.Message}", exception);
        }
    }

    private LoadedCertificate LoadPem()
    {
        var certificates = Encoding.UTF8.GetString(_certificate);
        // What reads PEM skips a block without an end: of a file that is still being written, the leaf alone.
        if (Count(certificates, "-----BEGIN ") != Count(certificates, "-----END "))
            throw new CryptographicException("A block has a beginning and no end, the file is not whole.");
        using var made = X509Certificate2.CreateFromPem(certificates, _key.Length > 0 ? Encoding.UTF8.GetString(_key) : certificates);
        var all = new X509Certificate2Collection();
        all.ImportFromPem(certificates);
        all.RemoveAt(0);
        // A key that came with a PEM belongs to the object that is made from it; this one stands by itself.
        return new LoadedCertificate(X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), password: null), all);
    }

    private static int Count(string text, string word) => text.AsSpan().Count(word);

    private LoadedCertificate LoadPkcs12()
    {
        var all = X509CertificateLoader.LoadPkcs12Collection(_certificate, _password);
        var leaf = all.FirstOrDefault(certificate => certificate.HasPrivateKey) ?? throw new CryptographicException("There is no private key.");
        all.Remove(leaf);
        return new LoadedCertificate(leaf, all);
    }

    private static byte[] Read(string setting, string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CertificateException($"Gateway__Tls__{setting}: {path} cannot be read: {exception.Message}", exception);
        }
    }
}

/// <summary>What is wrong with the files of the certificate, in words for the operator.</summary>
internal sealed class CertificateException(string message, Exception? inner = null) : Exception(message, inner);
