using System.Net;
using System.Net.Sockets;
using Tollgate.Foundation;

namespace Tollgate.Gateway.Upstreams;

/// <summary>The check when an address is saved, so that its author hears of it at once. What holds is the check of every connection.</summary>
internal sealed class UpstreamAddressCheck(UpstreamAddressPolicy policy, TimeProvider clock)
{
    private static readonly TimeSpan LookUpLimit = TimeSpan.FromSeconds(2);

    /// <summary>Null when the address may be used, or its name is not known now.</summary>
    public async Task<Failure?> CheckAsync(Uri upstream, CancellationToken cancellation)
    {
        if (policy.AllowsAll)
            return null;
        var host = upstream.IdnHost.TrimEnd('.');
        if (host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase))
            return Forbidden(host);
        var addresses = IPAddress.TryParse(host, out var literal) ? [literal] : await ResolveAsync(host, cancellation).ConfigureAwait(false);
        return Array.TrueForAll(addresses, policy.IsAllowed) ? null : Forbidden(host);
    }

    private async Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(LookUpLimit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            return await Dns.GetHostAddressesAsync(host, either.Token).WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException || (exception is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return [];
        }
    }

    // The address that a name stands for is not told: it would map the operator's network for whoever asks.
    private static Failure Forbidden(string host)
    {
        var message = $"'{host}' is on this machine, in a private network or reserved. An upstream must have a public address here.";
        return new Failure(FailureKind.Invalid, "UPSTREAM_ADDRESS_FORBIDDEN", message, [new FieldError("upstream_url", "UPSTREAM_ADDRESS_FORBIDDEN", message)]);
    }
}
