using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace Tollgate.Foundation.Redis;

/// <summary>One connection to a primary: commands go out as they come, replies come back in their order.</summary>
internal sealed class RedisConnection : IDisposable
{
    private readonly Stream _stream;
    private readonly RespReader _replies;
    private readonly SemaphoreSlim _writing = new(1);
    private readonly ConcurrentQueue<Pending> _pending = new();
    private volatile Exception? _broken;

    private RedisConnection(Stream stream, RedisAddress address) => (_stream, _replies, Address) = (stream, new RespReader(stream), address);

    public RedisAddress Address { get; }

    public bool IsBroken => _broken is not null;

    /// <summary>Since the oldest question that has no answer yet.</summary>
    public TimeSpan Silence => _pending.TryPeek(out var oldest) ? Stopwatch.GetElapsedTime(oldest.AskedAt) : TimeSpan.Zero;

    /// <exception cref="IOException">No connection; or the server is a replica, which must not be asked: what it knows may be old.</exception>
    /// <exception cref="RedisRefusedException">The server does not let this node in.</exception>
    public static async Task<RedisConnection> OpenAsync(RedisSettings settings, RedisAddress address, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        Stream? stream = null;
        RedisConnection? connection = null;
        try
        {
            await socket.ConnectAsync(address.Host, address.Port, cancellation).ConfigureAwait(false);
            stream = new NetworkStream(socket, ownsSocket: true);
            if (settings.Tls)
                stream = await SecureAsync(stream, settings, address.Host, cancellation).ConfigureAwait(false);
            connection = new RedisConnection(stream, address);
            _ = connection.ReadRepliesAsync();
            await connection.GreetAsync(settings).WaitAsync(cancellation).ConfigureAwait(false);
            return connection;
        }
        catch
        {
            connection?.Dispose();
            if (stream is not null)
                await stream.DisposeAsync().ConfigureAwait(false);
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The reply; whoever does not want to wait for ever bounds it.</summary>
    /// <exception cref="IOException">The connection broke: whether the command was carried out is unknown.</exception>
    public async Task<object?> SendAsync(string command, params object[] arguments)
    {
        var bytes = RespWriter.Command(command, arguments);
        var pending = new Pending(Stopwatch.GetTimestamp());
        await _writing.WaitAsync().ConfigureAwait(false);
        try
        {
            _pending.Enqueue(pending);
            await _stream.WriteAsync(bytes).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            Break(exception);
        }
        finally
        {
            _writing.Release();
        }
        if (_broken is { } broken)
            FailAll(broken);
        return await pending.Task.ConfigureAwait(false);
    }

    public void Dispose() => Break(new IOException("The connection to Redis is closed."));

    private static async Task<Stream> SecureAsync(Stream stream, RedisSettings settings, string host, CancellationToken cancellation)
    {
        var options = new SslClientAuthenticationOptions { TargetHost = host };
        if (settings.Certificate is { } certificate)
            options.ClientCertificates = [certificate];
        if (settings.Authorities is { } authorities)
        {
            options.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }
        var secure = new SslStream(stream);
        await secure.AuthenticateAsClientAsync(options, cancellation).ConfigureAwait(false);
        return secure;
    }

    private async Task GreetAsync(RedisSettings settings)
    {
        if (settings.Password is { } password)
            await DemandAsync("AUTH", settings.User is { } user ? [user, password] : [password]).ConfigureAwait(false);
        if (settings.Database != 0)
            await DemandAsync("SELECT", settings.Database).ConfigureAwait(false);
        if (await DemandAsync("ROLE").ConfigureAwait(false) is not List<object?> role || role[0] is not "master")
            throw new IOException("The server is a replica.");
    }

    private async Task<object?> DemandAsync(string command, params object[] arguments) =>
        await SendAsync(command, arguments).ConfigureAwait(false) is var reply && reply is RespError error ? throw new RedisRefusedException(error.Message) : reply;

    private async Task ReadRepliesAsync()
    {
        try
        {
            while (true)
            {
                var reply = await _replies.ReadAsync().ConfigureAwait(false);
                if (!_pending.TryDequeue(out var pending))
                    throw new IOException("Redis answered what nobody has asked.");
                pending.TrySetResult(reply);
            }
        }
        catch (Exception exception)
        {
            Break(exception);
        }
    }

    // The first word counts.
    private void Break(Exception exception)
    {
        if (Interlocked.CompareExchange(ref _broken, exception, null) is null)
            _stream.Dispose();
        FailAll(_broken);
    }

    private void FailAll(Exception exception)
    {
        while (_pending.TryDequeue(out var pending))
            pending.TrySetException(new IOException(exception.Message, exception));
    }

    private sealed class Pending(long askedAt) : TaskCompletionSource<object?>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public long AskedAt => askedAt;
    }
}
