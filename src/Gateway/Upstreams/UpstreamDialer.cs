using System.Net;
using System.Net.Sockets;
using Tollgate.Gateway.Listener;
using Tollgate.Gateway.Sockets;

namespace Tollgate.Gateway.Upstreams;

/// <summary>
/// Connects to upstreams. Every address that a name resolves to is judged when the connection is made, not only when the upstream was saved: a name that
/// points inside the operator's network by then is not connected to.
/// </summary>
internal sealed class UpstreamDialer(UpstreamAddressPolicy policy, EventLoops loops, GatewayOptions options)
{
    /// <summary>On an event loop.</summary>
    /// <inheritdoc cref="ConnectSocketAsync"/>
    public ValueTask<LoopSocket> ConnectLoopAsync(string host, int port, CancellationToken cancellation) =>
        ConnectAsync(host, port, loops.ConnectAsync, cancellation);

    /// <exception cref="UpstreamRefusedException">No address may be called.</exception>
    /// <exception cref="SocketException">None answers.</exception>
    /// <exception cref="OperationCanceledException">Not in time.</exception>
    public ValueTask<Socket> ConnectSocketAsync(string host, int port, CancellationToken cancellation) => ConnectAsync(host, port, OpenAsync, cancellation);

    /// <summary>This node could not even try: it has as many files open as it may have. That says nothing about the upstream.</summary>
    public static bool LacksDescriptors(Exception? exception) =>
        exception is SocketException { SocketErrorCode: SocketError.TooManyOpenSockets } or HttpRequestException { InnerException: SocketException { SocketErrorCode: SocketError.TooManyOpenSockets } };

    private async ValueTask<T> ConnectAsync<T>(string host, int port, Func<IPEndPoint, CancellationToken, ValueTask<T>> open, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(options.ConnectTimeout);
        var addresses = IPAddress.TryParse(host, out var literal) ? [literal] : await Dns.GetHostAddressesAsync(host, limit.Token).ConfigureAwait(false);
        var allowed = Array.FindAll(addresses, policy.IsAllowed);
        if (allowed.Length == 0)
            throw new UpstreamRefusedException();
        // The addresses of a name may be of both families, and not all of them need answer.
        SocketException? last = null;
        foreach (var address in allowed)
        {
            try
            {
                return await open(new IPEndPoint(address, port), limit.Token).ConfigureAwait(false);
            }
            catch (SocketException exception)
            {
                last = exception;
            }
        }
        throw last!;
    }

    private static async ValueTask<Socket> OpenAsync(IPEndPoint target, CancellationToken cancellation)
    {
        var socket = new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(target, cancellation).ConfigureAwait(false);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

/// <summary>No address of the upstream may be called from here.</summary>
internal sealed class UpstreamRefusedException() : IOException("No address of the upstream is allowed by the address policy.");
