using System.Net;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Tollgate.Foundation;
using Tollgate.Gateway.Tests.Listener;
using Tollgate.Gateway.Tls;
using Tollgate.TestKit;

namespace Tollgate.Gateway.Tests.Tls;

/// <summary>Which certificate is shown, from the start and when its files change.</summary>
public sealed class CertificateTests
{
    private static readonly TimeSpan Look = ServerCertificate.Interval + TimeSpan.FromSeconds(1);

    [Fact]
    public async Task ACertificateSwappedUnderTraffic_IsShownToNewConnections_AndNoCallFails()
    {
        var (first, second) = (TestCertificate.Create(), TestCertificate.Create(rsa: true));
        var clock = new ManualClock(TimeProvider.System.GetUtcNow());
        await using var rig = await SecureRig.StartAsync(first, clock);
        rig.Inner.Admission.Limit = int.MaxValue;
        using var stop = new CancellationTokenSource();
        using var kept = rig.Client(HttpVersion.Version20);
        using var handshakes = new SemaphoreSlim(2);
        var callers = Enumerable.Range(0, 4).Select(number => CallUntilAsync(rig, number % 2 == 0 ? kept : null, handshakes, stop.Token)).ToList();
        await GatewayRig.EventuallyAsync(() => rig.Inner.Journal.Events.Count > 50);
        rig.Shown.ShouldBe(first.Thumbprint);

        second.WriteTo(rig.Folder);
        // The clock is that of the handshakes' time-outs too: none is under way while it jumps.
        await handshakes.WaitAsync();
        await handshakes.WaitAsync();
        clock.Advance(Look);
        handshakes.Release(2);
        await GatewayRig.EventuallyAsync(() => rig.Shown == second.Thumbprint);
        var then = rig.Inner.Journal.Events.Count;
        await GatewayRig.EventuallyAsync(() => rig.Inner.Journal.Events.Count > then + 50);
        await stop.CancelAsync();
        (await Task.WhenAll(callers)).Sum().ShouldBeGreaterThan(100);
        rig.Shown.ShouldBe(second.Thumbprint);
    }

    [Fact]
    public async Task NewFilesThatCannotBeUsed_LeaveTheOldCertificate_AndSayWhy_UntilTheyCan()
    {
        var (first, second) = (TestCertificate.Create(), TestCertificate.Create());
        var clock = new ManualClock(TimeProvider.System.GetUtcNow());
        await using var rig = await SecureRig.StartAsync(first, clock);
        (await HealthAsync(rig)).Status.ShouldBe(HealthStatus.Healthy);
        Refused(rig).ShouldBe(0);

        // The new certificate is there, its key is not yet.
        await File.WriteAllTextAsync(Path.Combine(rig.Folder, "cert.pem"), second.CertificatePem);
        clock.Advance(Look);
        (await rig.CallAnewAsync()).ShouldBe(HttpStatusCode.OK);
        rig.Shown.ShouldBe(first.Thumbprint);
        var health = await HealthAsync(rig);
        health.Status.ShouldBe(HealthStatus.Degraded);
        // It is read by strangers: no path, and nothing of the library's words.
        health.Description.ShouldBe("The new certificate cannot be used, the old one is shown; the log tells why.");
        Refused(rig).ShouldBe(1);

        File.Delete(Path.Combine(rig.Folder, "key.pem"));
        clock.Advance(Look);
        (await HealthAsync(rig)).Description.ShouldBe(health.Description);
        rig.Inner.Get<ServerCertificate>().Failure!.ShouldContain("key.pem");
        (await rig.CallAnewAsync()).ShouldBe(HttpStatusCode.OK);

        second.WriteTo(rig.Folder);
        clock.Advance(Look);
        (await rig.CallAnewAsync()).ShouldBe(HttpStatusCode.OK);
        rig.Shown.ShouldBe(second.Thumbprint);
        (await HealthAsync(rig)).Status.ShouldBe(HealthStatus.Healthy);
        Refused(rig).ShouldBe(0);
    }

    [Fact]
    public async Task AHalfWrittenChain_IsNotTaken_UntilItIsWhole()
    {
        var (first, second) = (TestCertificate.Create(), TestCertificate.Create());
        var clock = new ManualClock(TimeProvider.System.GetUtcNow());
        await using var rig = await SecureRig.StartAsync(first, clock);
        var chain = second.CertificatePem + "\n" + TestCertificate.Create().CertificatePem;
        await File.WriteAllTextAsync(Path.Combine(rig.Folder, "key.pem"), second.KeyPem);
        await File.WriteAllTextAsync(Path.Combine(rig.Folder, "cert.pem"), chain[..^100]);
        clock.Advance(Look);
        (await rig.CallAnewAsync()).ShouldBe(HttpStatusCode.OK);
        rig.Shown.ShouldBe(first.Thumbprint);

        await File.WriteAllTextAsync(Path.Combine(rig.Folder, "cert.pem"), chain);
        clock.Advance(Look);
        (await rig.CallAnewAsync()).ShouldBe(HttpStatusCode.OK);
        rig.Shown.ShouldBe(second.Thumbprint);
    }

    [Fact]
    public async Task AnExpiredCertificate_DoesNotReplaceOneThatIsValid()
    {
        var first = TestCertificate.Create();
        var clock = new ManualClock(TimeProvider.System.GetUtcNow());
        await using var rig = await SecureRig.StartAsync(first, clock);
        TestCertificate.Create(TimeProvider.System.GetUtcNow().AddDays(-1)).WriteTo(rig.Folder);
        clock.Advance(Look);
        (await rig.CallAnewAsync()).ShouldBe(HttpStatusCode.OK);
        rig.Shown.ShouldBe(first.Thumbprint);
        (await HealthAsync(rig)).Status.ShouldBe(HealthStatus.Degraded);
    }

    [Theory]
    [InlineData(13, HealthStatus.Degraded)]
    [InlineData(15, HealthStatus.Healthy)]
    [InlineData(-1, HealthStatus.Degraded)]
    public async Task TheEndOfACertificate_IsAMetricAndIsToldOf14DaysBefore(int days, HealthStatus status)
    {
        var end = TimeProvider.System.GetUtcNow().AddDays(days);
        await using var rig = await SecureRig.StartAsync(TestCertificate.Create(end));
        (await HealthAsync(rig)).Status.ShouldBe(status);
        Page(rig).Value("tollgate_gateway_tls_certificate_expiry_timestamp_seconds").ShouldBe(end.ToUnixTimeSeconds(), 1);
    }

    [Fact]
    public async Task APkcs12File_WithItsPasswordInAFile_Serves()
    {
        var certificate = TestCertificate.Create();
        var folder = Directory.CreateTempSubdirectory("tollgate-tls-").FullName;
        certificate.WritePkcs12To(folder);
        await using var rig = await SecureRig.StartAsync(TestCertificate.Create(), clock: null, upstream: null, ("Gateway:Tls:Certificate", Path.Combine(folder, "both.pfx")), ("Gateway:Tls:Key", ""),
            ("Gateway:Tls:PasswordFile", Path.Combine(folder, "password")));
        (await rig.CallAnewAsync()).ShouldBe(HttpStatusCode.OK);
        rig.Shown.ShouldBe(certificate.Thumbprint);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task OneFileWithBoth_Serves()
    {
        var certificate = TestCertificate.Create();
        await using var rig = await SecureRig.StartAsync(certificate);
        var folder = Directory.CreateTempSubdirectory("tollgate-tls-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "cert.pem"), certificate.KeyPem + "\n" + certificate.CertificatePem);
        await using var other = await GatewayRig.StartAsync(SecureRig.Settings(folder, ("Gateway:Tls:Key", "")));
        other.Address.Scheme.ShouldBe("https");
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("nothing", "Gateway__Tls__Certificate must name")]
    [InlineData("no certificate", "cert.pem cannot be read")]
    [InlineData("no key", "key.pem cannot be read")]
    [InlineData("another key", "no certificate with the key that belongs to it")]
    [InlineData("garbage", "no certificate with the key that belongs to it")]
    [InlineData("wrong password", "no certificate with the key that belongs to it")]
    public async Task AStartWithoutAUsableCertificate_SaysWhatIsWrong(string fault, string words)
    {
        var folder = Directory.CreateTempSubdirectory("tollgate-tls-").FullName;
        TestCertificate.Create().WriteTo(folder);
        TestCertificate.Create().WritePkcs12To(folder);
        var settings = SecureRig.Settings(folder);
        switch (fault)
        {
            case "nothing":
                settings.Remove("Gateway:Tls:Certificate");
                break;
            case "no certificate":
                File.Delete(Path.Combine(folder, "cert.pem"));
                break;
            case "no key":
                File.Delete(Path.Combine(folder, "key.pem"));
                break;
            case "another key":
                await File.WriteAllTextAsync(Path.Combine(folder, "key.pem"), TestCertificate.Create().KeyPem);
                break;
            case "garbage":
                await File.WriteAllTextAsync(Path.Combine(folder, "cert.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
                break;
            default:
                (settings["Gateway:Tls:Certificate"], settings["Gateway:Tls:Key"]) = (Path.Combine(folder, "both.pfx"), null);
                break;
        }
        (await Should.ThrowAsync<StartupException>(() => GatewayRig.StartAsync(settings))).Message.ShouldContain(words);
        Directory.Delete(folder, recursive: true);
    }

    // Without a client: each call by a connection of its own.
    private static async Task<int> CallUntilAsync(SecureRig rig, HttpClient? http, SemaphoreSlim handshakes, CancellationToken stop)
    {
        var count = 0;
        for (; !stop.IsCancellationRequested; count++)
        {
            if (http is null)
            {
                await handshakes.WaitAsync(CancellationToken.None);
                (await rig.CallAnewAsync()).ShouldBe(HttpStatusCode.OK);
                handshakes.Release();
            }
            else
            {
                using var response = await SecureRig.SendAsync(http, GatewayRig.Call("/x"));
                response.StatusCode.ShouldBe(HttpStatusCode.OK);
            }
        }
        return count;
    }

    private static Task<HealthCheckResult> HealthAsync(SecureRig rig) => new TlsHealth(rig.Inner.Get<ServerCertificate>()).CheckHealthAsync(new HealthCheckContext());

    private static double Refused(SecureRig rig) => Page(rig).Value("tollgate_gateway_tls_certificate_refused");

    private static Exposition Page(SecureRig rig)
    {
        var page = new MetricPage();
        rig.Inner.Get<TlsMetrics>().WriteTo(page);
        return Exposition.Parse(page.ToString());
    }
}
