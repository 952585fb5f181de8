using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Tollgate.Gateway.Tls;

/// <summary>
/// TLS on the listener's connections. A handshake costs about a millisecond of processor time, which would hold up every other call of an event loop: until it has ended,
/// what a client sends is worked on by the thread pool. After it the connection's reads and writes stay on its loop, as without TLS. A handshake begins with its
/// first bytes: a connection that sends none takes no place of it, and is closed soon.
/// </summary>
internal sealed class Handshakes(ServerCertificate certificate, TlsOptions options, HandshakePlaces places, TimeProvider clock)
{
    public static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(3);

    private long _succeeded;
    private long _failed;
    private long _refused;

    public int InProgress => places.Taken;

    public long Succeeded => Volatile.Read(ref _succeeded);

    /// <summary>Not ended in time, or not at all: another protocol, an unknown version, a client that does not trust the certificate.</summary>
    public long Failed => Volatile.Read(ref _failed);

    /// <summary>Closed at once, because too many were in progress, or too many of their address.</summary>
    public long Refused => Volatile.Read(ref _refused);

    public void Secure(ListenOptions endpoint)
    {
        endpoint.Protocols = HttpProtocols.Http1AndHttp2;
        endpoint.Use(next => connection => BeginAsync(connection, next));
        endpoint.UseHttps(new TlsHandshakeCallbackOptions { HandshakeTimeout = options.HandshakeTimeout, OnConnection = _ => new(certificate.Options) });
        endpoint.Use(next => connection =>
        {
            connection.Features.Get<Handshake>()!.End(succeeded: true);
            return next(connection);
        });
    }

    private async Task BeginAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        if (!await HasBegunAsync(connection.Transport.Input).ConfigureAwait(false))
        {
            Interlocked.Increment(ref _failed);
            connection.Abort(new ConnectionAbortedException("No handshake was begun."));
            return;
        }
        var address = (connection.RemoteEndPoint as IPEndPoint)?.Address;
        if (!places.TryTake(address))
        {
            Interlocked.Increment(ref _refused);
            connection.Abort(new ConnectionAbortedException("Too many handshakes are in progress."));
            return;
        }
        var transport = connection.Transport;
        var handshake = new Handshake(this, address, new PoolReader(transport.Input));
        connection.Features.Set(handshake);
        connection.Transport = new Duplex(handshake.Input, transport.Output);
        try
        {
            await next(connection).ConfigureAwait(false);
        }
        finally
        {
            handshake.End(succeeded: false);
            connection.Transport = transport;
        }
    }

    private async ValueTask<bool> HasBegunAsync(PipeReader input)
    {
        using var limit = new CancellationTokenSource(LongestSilence < options.HandshakeTimeout ? LongestSilence : options.HandshakeTimeout, clock);
        try
        {
            var read = await input.ReadAsync(limit.Token).ConfigureAwait(false);
            // Looked at and left there.
            input.AdvanceTo(read.Buffer.Start);
            return !read.Buffer.IsEmpty;
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            return false;
        }
    }

    private void GiveBack(IPAddress? address) => places.GiveBack(address);

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    /// <summary>One connection's.</summary>
    private sealed class Handshake(Handshakes all, IPAddress? address, PoolReader input)
    {
        private int _ended;

        public PoolReader Input => input;

        /// <summary>The first word counts.</summary>
        public void End(bool succeeded)
        {
            if (Interlocked.Exchange(ref _ended, 1) != 0)
                return;
            input.Done = true;
            all.GiveBack(address);
            Interlocked.Increment(ref succeeded ? ref all._succeeded : ref all._failed);
        }
    }
}
