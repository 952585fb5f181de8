using Tollgate.Gateway.Upstreams;

namespace Tollgate.Gateway.Forwarding.Http1;

/// <summary>The idle connections to one upstream; the one used last is taken first, so that those too many grow old and go.</summary>
internal sealed class Http1Pool(string host, int port, string authority, UpstreamDialer dialer)
{
    // An upstream that keeps connections open hardly closes one in less; after that it is looked at before it is trusted.
    private const long TrustedMilliseconds = 500;
    private const long LongestIdleMilliseconds = 60_000;
    private const int MostIdle = 1024;

    private readonly Lock _gate = new();
    private readonly Stack<Http1Connection> _idle = new();
    private bool _closed;

    /// <summary>What stands in Host.</summary>
    public string Authority { get; } = authority;

    /// <summary>An idle connection that is still good, or null.</summary>
    public Http1Connection? TryTake()
    {
        while (true)
        {
            Http1Connection? connection;
            lock (_gate)
            {
                if (!_idle.TryPop(out connection))
                    return null;
            }
            var idle = Environment.TickCount64 - connection.LastUsed;
            if (idle <= TrustedMilliseconds ? !connection.IsBroken : idle <= LongestIdleMilliseconds && connection.IsQuiet())
                return connection;
            connection.Dispose();
        }
    }

    public async ValueTask<Http1Connection> ConnectAsync(CancellationToken cancellation) =>
        new(await dialer.ConnectAsync(host, port, cancellation).ConfigureAwait(false), this);

    /// <summary>Only after an exchange that left the connection clean.</summary>
    public void Return(Http1Connection connection)
    {
        if (!connection.IsBroken && connection.Received.IsEmpty)
        {
            connection.Shrink();
            connection.Used = true;
            connection.LastUsed = Environment.TickCount64;
            lock (_gate)
            {
                if (!_closed && _idle.Count < MostIdle)
                {
                    _idle.Push(connection);
                    return;
                }
            }
        }
        connection.Dispose();
    }

    /// <summary>Closes what has been idle for too long. Answers how many are left.</summary>
    public int Sweep()
    {
        List<Http1Connection> old = [];
        int left;
        lock (_gate)
        {
            var all = _idle.ToArray();
            _idle.Clear();
            // The array begins with the top of the stack.
            for (var i = all.Length - 1; i >= 0; i--)
            {
                if (Environment.TickCount64 - all[i].LastUsed > LongestIdleMilliseconds)
                    old.Add(all[i]);
                else
                    _idle.Push(all[i]);
            }
            left = _idle.Count;
        }
        foreach (var connection in old)
            connection.Dispose();
        return left;
    }

    public void Close()
    {
        Http1Connection[] all;
        lock (_gate)
        {
            _closed = true;
            all = [.. _idle];
            _idle.Clear();
        }
        foreach (var connection in all)
            connection.Dispose();
    }
}
