using System.Net;
using System.Net.Sockets;
using Tollgate.Foundation;

namespace Tollgate.Gateway.Upstreams;

/// <summary>The check when an address is saved, so that its author hears of it at once. What holds is the check of every connection.</summary>
internal sealed class UpstreamAddressCheck(UpstreamAddressPolicy policy, TimeProvider clock)
{
    private static readonly TimeSpan LookUpLimit = TimeSpan.FromSeconds(2);

    /// <summary>Null when each address may be used, or its name is not known now.</summary>
    /// <param name="upstreams">Addresses with the path of the field that holds them.</param>
    /// <param name="cancellation">The request's.</param>
    public async Task<Failure?> CheckAsync(IEnumerable<(string Path, Uri Url)> upstreams, CancellationToken cancellation)
    {
        if (policy.AllowsAll)
            return null;
        var found = await Task.WhenAll(upstreams.Select(upstream => CheckAsync(upstream.Path, upstream.Url, cancellation))).ConfigureAwait(false);
        FieldError[] errors = [.. found.OfType<FieldError>()];
        return errors.Length == 0 ? null : new Failure(FailureKind.Invalid, "UPSTREAM_ADDRESS_FORBIDDEN", errors[0].Message, errors);
    }

    private async Task<FieldError?> CheckAsync(string path, Uri upstream, CancellationToken cancellation)
    {
        var host = upstream.IdnHost.TrimEnd('.');
        var local = host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase);
        var addresses = local ? [IPAddress.Loopback] : IPAddress.TryParse(host, out var literal) ? [literal] : await ResolveAsync(host, cancellation).ConfigureAwait(false);
        return Array.TrueForAll(addresses, policy.IsAllowed) ? null : Forbidden(path, host);
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
    private static FieldError Forbidden(string path, string host) => new(path, "UPSTREAM_ADDRESS_FORBIDDEN",
        $"'{host}' is on this machine, in a private network or reserved. An upstream must have a public address here.");
}
