namespace Tollgate.Gateway.Sockets;

/// <summary>
/// Lets the other connections of a loop go first: what is served without ever having to wait, for its peer is as fast as the loop, would else hold it. One
/// for each flow; for one waiter at a time.
/// </summary>
internal sealed class Turn : LoopSource, IGathered
{
    private const int Share = 16;

    private int _steps;

    /// <summary>After a step of work, or so many at once: returns at once while there have been few.</summary>
    public ValueTask NextAsync(int steps = 1)
    {
        if ((_steps += steps) < Share)
            return default;
        _steps = 0;
        if (EventLoop.Current is not { } loop)
            return default;
        var wait = Renew();
        loop.Queue(this);
        return wait;
    }

    void IGathered.Run() => Complete();
}
