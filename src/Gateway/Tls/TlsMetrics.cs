using Tollgate.Foundation;

namespace Tollgate.Gateway.Tls;

internal sealed class TlsMetrics(ServerCertificate certificate, Handshakes handshakes) : IMetricSource
{
    public void WriteTo(MetricPage page)
    {
        page.Gauge("tollgate_gateway_tls_certificate_expiry_timestamp_seconds", "End of the shown certificate's validity since the epoch.", certificate.NotAfter.ToUnixTimeSeconds());
        page.Gauge("tollgate_gateway_tls_certificate_refused", "1 while the certificate's files cannot be used as they are, and an older certificate is shown.", certificate.Failure is null ? 0 : 1);
        page.Gauge("tollgate_gateway_tls_handshakes_in_progress", "Connections that have not ended their handshake.", handshakes.InProgress);
        page.Counters("tollgate_gateway_tls_handshakes", "Handshakes by their end; refused are those that were too many at once, in all or of one address.");
        page.Add(handshakes.Succeeded, ("result", "succeeded"));
        page.Add(handshakes.Failed, ("result", "failed"));
        page.Add(handshakes.Refused, ("result", "refused"));
    }
}
