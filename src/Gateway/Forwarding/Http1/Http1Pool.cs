using System.Diagnostics.CodeAnalysis;
using Tollgate.Gateway.Sockets;
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
    private readonly Dictionary<EventLoop, Stack<Http1Connection>> _idle = [];
    private int _count;
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
                if (!TryPop(out connection))
                    return null;
                _count--;
            }
            var idle = Environment.TickCount64 - connection.LastUsed;
            if (idle <= TrustedMilliseconds && !connection.HasStirred ? !connection.IsBroken : idle <= LongestIdleMilliseconds && connection.IsQuiet())
                return connection;
            connection.Dispose();
        }
    }

    public async ValueTask<Http1Connection> ConnectAsync(CancellationToken cancellation) =>
        new(await dialer.ConnectLoopAsync(host, port, cancellation).ConfigureAwait(false), this);

    /// <summary>Only after an exchange that left the connection clean.</summary>
    public void Return(Http1Connection connection)
    {
        if (!connection.IsBroken && connection.Received.IsEmpty)
        {
            connection.Shrink();
            (connection.Used, connection.Heard) = (true, false);
            connection.LastUsed = Environment.TickCount64;
            lock (_gate)
            {
                if (!_closed && _count < MostIdle)
                {
                    Push(connection);
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
            foreach (var connection in TakeAll())
                if (Environment.TickCount64 - connection.LastUsed > LongestIdleMilliseconds)
                    old.Add(connection);
                else
                    Push(connection);
            left = _count;
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
            all = TakeAll();
        }
        foreach (var connection in all)
            connection.Dispose();
    }

    // One of this thread's loop before others: what arrives on it is then dealt with where the call is.
    private bool TryPop([NotNullWhen(true)] out Http1Connection? connection)
    {
        connection = null;
        if (EventLoop.Current is { } here && _idle.TryGetValue(here, out var own) && own.TryPop(out connection))
            return true;
        foreach (var stack in _idle.Values)
            if (stack.TryPop(out connection))
                return true;
        return false;
    }

    private void Push(Http1Connection connection)
    {
        if (!_idle.TryGetValue(connection.Loop, out var stack))
            _idle.Add(connection.Loop, stack = new Stack<Http1Connection>());
        stack.Push(connection);
        _count++;
    }

    // In the order in which they were pushed.
    private Http1Connection[] TakeAll()
    {
        Http1Connection[] all = [.. _idle.Values.SelectMany(stack => stack.Reverse())];
        _idle.Clear();
        _count = 0;
        return all;
    }
}
