using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;

namespace Tollgate.Gateway.Sockets;

/// <summary>What a loop tells of a descriptor's events. Called on the loop's thread; nothing in it may wait.</summary>
internal interface IEventHandler
{
    void OnEvents(uint events);
}

/// <summary>What is put off until its loop has seen to the events that have come. Called on the loop's thread.</summary>
internal interface IGathered
{
    void Run();
}

/// <summary>
/// One thread that waits for all its descriptors at once (epoll, edge-triggered) and does what their events ask for there and then: a call's whole way
/// through the gateway is a chain of such events. The runtime's own sockets could do so too, but only for the whole process, and then a database client
/// that waits for something would hold the loop (docs/decisions/0013).
/// </summary>
internal sealed unsafe partial class EventLoop : IDisposable
{
    private const int Batch = 64;
    private const int Urgency = -5;
    private const int SliceNanoseconds = 100_000;
    private const ulong Wake = ulong.MaxValue;

    private readonly ILogger _logger;
    private readonly int _epoll = Libc.EpollCreate();
    private readonly int _wake = Libc.EventCreate();
    private readonly Lock _gate = new();
    private readonly Thread _thread;
    private readonly Stack<int> _free = new();
    private readonly List<IGathered> _gathered = [];
    private List<IGathered> _turns = [];
    private List<IGathered> _due = [];
    private bool _gathers;
    private Registration?[] _handlers = new Registration?[256];
    private uint _generation;
    private int _used;
    private volatile bool _stopped;

    public EventLoop(int number, ILogger logger)
    {
        Number = number;
        _logger = logger;
        Libc.EpollAdd(_epoll, _wake, Libc.In, Wake);
        _thread = new Thread(Run) { IsBackground = true, Name = $"gateway {number}" };
        _thread.Start();
    }

    [ThreadStatic]
    private static EventLoop? t_current;

    /// <summary>The loop whose thread this is, or null.</summary>
    public static EventLoop? Current => t_current;

    public int Number { get; }

    /// <summary>Buffers that its connections use in turn, on its thread.</summary>
    public Stack<byte[]> Buffers { get; } = new();

    /// <summary>More events are being seen to on this thread: what is to be sent can wait until after them.</summary>
    public bool Gathers => t_current == this && _gathers;

    /// <summary>Only while it <see cref="Gathers"/>.</summary>
    public void Gather(IGathered send) => _gathered.Add(send);

    /// <summary>On its thread: what has had its share goes on after the other events that have come.</summary>
    public void Queue(IGathered turn) => _turns.Add(turn);

    /// <summary>Its events come from now on. Answers the place to give back when it is closed.</summary>
    public int Add(int descriptor, IEventHandler handler, uint events)
    {
        int place;
        uint generation;
        lock (_gate)
        {
            place = _free.TryPop(out var free) ? free : _used++;
            if (place == _handlers.Length)
            {
                var larger = new Registration?[place * 2];
                _handlers.CopyTo(larger, 0);
                Volatile.Write(ref _handlers, larger);
            }
            generation = ++_generation;
            Volatile.Write(ref _handlers[place], new Registration(handler, generation));
        }
        try
        {
            Libc.EpollAdd(_epoll, descriptor, events, ((ulong)generation << 32) | (uint)place);
            return place;
        }
        catch
        {
            Remove(place);
            throw;
        }
    }

    /// <summary>Events that are still on their way find another generation.</summary>
    public void Remove(int place)
    {
        lock (_gate)
        {
            Volatile.Write(ref _handlers[place], null);
            _free.Push(place);
        }
    }

    public void Dispose()
    {
        _stopped = true;
        long one = 1;
        _ = Libc.write(_wake, &one, sizeof(long));
        if (Thread.CurrentThread != _thread)
            _thread.Join();
        _ = Libc.close(_wake);
        _ = Libc.close(_epoll);
    }

    private void Run()
    {
        t_current = this;
        // Calls go before shipping, jobs and the database on this machine's processors, where the operator's rights allow it (root, CAP_SYS_NICE).
        _ = Libc.setpriority(0, 0, Urgency);
        Libc.AskForSlices(SliceNanoseconds);
        var x64 = RuntimeInformation.ProcessArchitecture == Architecture.X64;
        var events = NativeMemory.Alloc(Batch, (nuint)sizeof(Libc.EventOther));
        while (!_stopped)
        {
            var count = Libc.epoll_wait(_epoll, events, Batch, _turns.Count > 0 ? 0 : -1);
            _gathers = count + _turns.Count > 1;
            for (var i = 0; i < count; i++)
            {
                if (x64)
                    Dispatch(((Libc.EventX64*)events)[i].Data, ((Libc.EventX64*)events)[i].Events);
                else
                    Dispatch(((Libc.EventOther*)events)[i].Data, ((Libc.EventOther*)events)[i].Events);
            }
            GiveTurns();
            _gathers = false;
            SendGathered();
        }
        NativeMemory.Free(events);
    }

    private void Dispatch(ulong data, uint events)
    {
        if (data == Wake)
            return;
        var found = Volatile.Read(ref Volatile.Read(ref _handlers)[(int)(uint)data]);
        if (found is null || found.Generation != (uint)(data >> 32))
            return;
        try
        {
            found.Handler.OnEvents(events);
        }
        catch (Exception exception)
        {
            // Whatever it was, the other connections of this loop must not pay for it.
            LogBug(_logger, exception, Number);
        }
    }

    // Those that asked before these events came; who asks now waits for the next.
    private void GiveTurns()
    {
        if (_turns.Count == 0)
            return;
        (_turns, _due) = (_due, _turns);
        foreach (var turn in _due)
        {
            try
            {
                turn.Run();
            }
            catch (Exception exception)
            {
                LogBug(_logger, exception, Number);
            }
        }
        _due.Clear();
    }

    // Whoever goes on after a send may send more; that goes out at once.
    private void SendGathered()
    {
        foreach (var send in _gathered)
        {
            try
            {
                send.Run();
            }
            catch (Exception exception)
            {
                LogBug(_logger, exception, Number);
            }
        }
        _gathered.Clear();
    }

    [LoggerMessage(1, LogLevel.Error, "Unexpected error in event loop {Number}")]
    private static partial void LogBug(ILogger logger, Exception exception, int number);

    // Its generation tells an event of a descriptor that is gone from one of that which has its place now.
    private sealed record Registration(IEventHandler Handler, uint Generation);
}
