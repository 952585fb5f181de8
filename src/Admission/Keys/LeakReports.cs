using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Tollgate.Foundation;

namespace Tollgate.Admission.Keys;

/// <summary>One finding, in the shape of GitHub's secret scanning partner program.</summary>
internal sealed record LeakedToken(string? Token, string? Type, string? Url, string? Source);

/// <summary>
/// Reports of secret scanners. A scanner whose public key is known (<c>Keys__ScannerKeys__0__Id</c>, <c>…__Key</c>: ECDSA P-256, PEM or base64) signs its
/// body as GitHub does; a wrong signature is refused, and an unsigned report counts too: who has a secret needs no other proof that it is in the open.
/// </summary>
internal sealed class LeakReports : IDisposable
{
    private const string IdHeader = "Github-Public-Key-Identifier";
    private const string SignatureHeader = "Github-Public-Key-Signature";
    private const int MostSigned = 1000;

    // Anybody can send one.
    private const int MostUnsigned = 100;
    private const int MostBytes = 512 * 1024;
    private static readonly Failure BadSignature = new(FailureKind.Unauthenticated, "REPORT_SIGNATURE_INVALID", "The signature is not of this body by a scanner whose key is known here.");
    private static readonly Failure Unreadable = Failure.Invalid("", "BODY_INVALID", "A list of objects with `token`, `type`, `url` and `source` is needed.");
    private readonly Dictionary<string, ECDsa> _keys;

    public LeakReports(IConfiguration configuration) => _keys = configuration.GetSection("Keys:ScannerKeys").GetChildren()
        .ToDictionary(child => child["Id"] ?? throw new InvalidOperationException("Keys__ScannerKeys: a key needs an Id."), child => Import(child["Key"]), StringComparer.Ordinal);

    /// <summary>The findings, and whether a known scanner has signed them.</summary>
    public async Task<Outcome<(IReadOnlyList<LeakedToken> Tokens, bool Verified)>> ReadAsync(HttpRequest request, CancellationToken cancellation)
    {
        using var body = new MemoryStream();
        var buffer = new byte[8192];
        for (int read; (read = await request.Body.ReadAsync(buffer, cancellation).ConfigureAwait(false)) > 0;)
        {
            if (body.Length + read > MostBytes)
                return new Failure(FailureKind.TooLarge, "BODY_TOO_LARGE", $"At most {MostBytes / 1024} KiB are allowed.");
            body.Write(buffer, 0, read);
        }
        var signed = request.Headers[SignatureHeader].ToString();
        if (signed.Length > 0 && !IsGenuine(request.Headers[IdHeader].ToString(), signed, body.ToArray()))
            return BadSignature;
        if (Parse(body.ToArray()) is not { } tokens)
            return Unreadable;
        var most = signed.Length > 0 ? MostSigned : MostUnsigned;
        return tokens.Count <= most ? (tokens, signed.Length > 0) : Failure.Invalid("", "TOO_MANY", $"At most {most} findings in one report, {MostSigned} when it is signed.");
    }

    public void Dispose()
    {
        foreach (var key in _keys.Values)
            key.Dispose();
    }

    private bool IsGenuine(string id, string signature, byte[] body)
    {
        var bytes = new byte[signature.Length];
        return _keys.TryGetValue(id, out var key) && Convert.TryFromBase64String(signature, bytes, out var length)
            && key.VerifyData(body, bytes.AsSpan(0, length), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
    }

    private static List<LeakedToken>? Parse(byte[] body)
    {
        try
        {
            var tokens = JsonSerializer.Deserialize<List<LeakedToken>>(body, Json.Options);
            return tokens is not null && tokens.TrueForAll(token => token is not null) ? tokens : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static ECDsa Import(string? text)
    {
        var key = ECDsa.Create();
        if (text?.Contains("BEGIN", StringComparison.Ordinal) == true)
            key.ImportFromPem(text.Replace("\\n", "\n", StringComparison.Ordinal));
        else
            key.ImportSubjectPublicKeyInfo(Convert.FromBase64String(text ?? ""), out _);
        return key;
    }
}
