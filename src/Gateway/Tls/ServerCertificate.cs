using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Tollgate.Foundation;

namespace Tollgate.Gateway.Tls;

/// <summary>
/// The certificate that clients are shown. Its files are looked at every few seconds (a renewal swaps links, and not all that serve files tell of changes): new ones
/// are in force with the next handshake. Files that cannot be used leave the old certificate in force, and are told of until they can.
/// </summary>
internal sealed partial class ServerCertificate(TlsOptions options, TimeProvider clock, ILogger<ServerCertificate> logger) : IDisposable
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan WarnBefore = TimeSpan.FromDays(14);
    private static readonly TimeSpan WarnEvery = TimeSpan.FromDays(1);

    private readonly Lock _gate = new();
    private volatile Shown? _shown;
    private volatile string? _failure;
    private byte[] _digest = [];
    private long _warnedAt = long.MinValue;
    private ITimer? _timer;

    private sealed record Shown(SslServerAuthenticationOptions Options, DateTimeOffset NotAfter);

    /// <summary>For a handshake that begins now.</summary>
    public SslServerAuthenticationOptions Options => _shown!.Options;

    public DateTimeOffset NotAfter => _shown?.NotAfter ?? DateTimeOffset.MinValue;

    /// <summary>Why the files cannot be used as they are now; null when they are in force.</summary>
    public string? Failure => _failure;

    /// <summary>Expired, or to be renewed soon.</summary>
    public bool ExpiresSoon => NotAfter - clock.GetUtcNow() < WarnBefore;

    /// <exception cref="StartupException">There is no certificate to begin with.</exception>
    public void Open()
    {
        try
        {
            var files = CertificateFiles.Read(options);
            Use(files.Load());
            _digest = files.Digest;
        }
        catch (CertificateException exception)
        {
            throw new StartupException(exception.Message, exception);
        }
        WarnIfItExpires();
        _timer = clock.CreateTimer(_ => Look(), state: null, Interval, Interval);
    }

    public void Dispose() => _timer?.Dispose();

    private void Look()
    {
        lock (_gate)
        {
            try
            {
                var files = CertificateFiles.Read(options);
                if (!files.Digest.AsSpan().SequenceEqual(_digest))
                {
                    var loaded = files.Load();
                    RefuseExpired(loaded.Leaf);
                    Use(loaded);
                    _digest = files.Digest;
                }
                _failure = null;
            }
            catch (Exception exception)
            {
                // Anything at all: on a timer's thread it would be the end of the process.
                Fail(exception.Message);
            }
            WarnIfItExpires();
        }
    }

    private void RefuseExpired(X509Certificate2 leaf)
    {
        var now = clock.GetUtcNow();
        if (leaf.NotAfter.ToUniversalTime() <= now.UtcDateTime && NotAfter > now)
            throw new CertificateException($"Gateway__Tls: the new certificate was valid until {leaf.NotAfter.ToUniversalTime():u}, and the one in force still is.");
    }

    private void Use(LoadedCertificate certificate)
    {
        _shown = new Shown(
            new SslServerAuthenticationOptions
            {
                // Offline: what leads to the root is in the file, and a handshake asks nobody.
                ServerCertificateContext = SslStreamCertificateContext.Create(certificate.Leaf, certificate.Others, offline: true),
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
                AllowRenegotiation = false,
            },
            new DateTimeOffset(certificate.Leaf.NotAfter.ToUniversalTime()));
        LogUsed(logger, certificate.Leaf.Subject, certificate.Leaf.SerialNumber, NotAfter);
    }

    // Once for each fault: the two files of a renewal may be seen with one of them still old.
    private void Fail(string reason)
    {
        if (_failure == reason)
            return;
        _failure = reason;
        LogKept(logger, reason);
    }

    private void WarnIfItExpires()
    {
        if (!ExpiresSoon || (_warnedAt != long.MinValue && clock.GetElapsedTime(_warnedAt) < WarnEvery))
            return;
        _warnedAt = clock.GetTimestamp();
        LogExpires(logger, NotAfter);
    }

    [LoggerMessage(1, LogLevel.Information, "The gateway's certificate is {Subject}, serial {Serial}, valid until {NotAfter:u}")]
    private static partial void LogUsed(ILogger logger, string subject, string serial, DateTimeOffset notAfter);

    [LoggerMessage(2, LogLevel.Error, "The gateway's new certificate cannot be used, the old one stays: {Reason}")]
    private static partial void LogKept(ILogger logger, string reason);

    [LoggerMessage(3, LogLevel.Warning, "The gateway's certificate is valid until {NotAfter:u} only: renew it")]
    private static partial void LogExpires(ILogger logger, DateTimeOffset notAfter);
}
