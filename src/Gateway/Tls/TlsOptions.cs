using Microsoft.Extensions.Configuration;
using Tollgate.Foundation;

namespace Tollgate.Gateway.Tls;

/// <summary>Section <c>Gateway:Tls</c>: what the gateway shows of itself on <c>https://</c> addresses, and what it lets strangers do before it knows them.</summary>
internal sealed class TlsOptions
{
    public TlsOptions(IConfiguration configuration)
    {
        var section = configuration.GetSection("Gateway:Tls");
        Certificate = NotEmpty(section["Certificate"]);
        Key = NotEmpty(section["Key"]);
        PasswordFile = NotEmpty(section["PasswordFile"]);
        HandshakeTimeout = TimeSpan.FromSeconds(Positive(section, "HandshakeSeconds", 10, 300));
        MaxHandshakes = Positive(section, "MaxHandshakes", 2_000, 1_000_000);
        MaxHandshakesPerAddress = Positive(section, "MaxHandshakesPerAddress", 100, 1_000_000);
    }

    /// <summary>PEM (the server's certificate first, then those between it and the root), or PKCS #12.</summary>
    public string? Certificate { get; }

    /// <summary>PEM, without a password. None when the certificate's file holds the key too.</summary>
    public string? Key { get; }

    /// <summary>Holds the password of a PKCS #12 file.</summary>
    public string? PasswordFile { get; }

    public TimeSpan HandshakeTimeout { get; }

    /// <summary>Connections that have not ended their handshake; more are closed at once.</summary>
    public int MaxHandshakes { get; }

    /// <summary>Of them, those of one client address (IPv6: of one /64).</summary>
    public int MaxHandshakesPerAddress { get; }

    private static string? NotEmpty(string? value) => string.IsNullOrWhiteSpace(value) ? null : value;

    private static int Positive(IConfiguration section, string name, int fallback, int most) =>
        section.GetValue(name, fallback) is var value && value > 0 && value <= most ? value : throw new StartupException($"Gateway__Tls__{name} must be between 1 and {most}.");
}
