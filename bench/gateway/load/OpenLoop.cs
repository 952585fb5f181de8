using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Tollgate.load;

/// <summary>One thread, all connections, and a clock that waits for nobody.</summary>
internal sealed partial class OpenLoop : IDisposable
{
    private const short Readable = 1;
    private const int SetTimerSlack = 29;

    private readonly byte[][] _requests;
    private readonly Connection[] _connections;
    private readonly PollEntry[] _entries;
    private readonly Stack<Connection> _free = [];
    private List<long> _times = [];
    private long _answeredAt;
    private long _late;

    public OpenLoop(string host, int port, byte[][] requests, int connections)
    {
        _requests = requests;
        _connections = [.. Enumerable.Range(0, connections).Select(_ => new Connection(host, port))];
        _entries = [.. _connections.Select(connection => new PollEntry { Descriptor = connection.Descriptor, Events = Readable })];
        foreach (var connection in _connections)
            _free.Push(connection);
    }

    /// <summary>Calls that were answered with anything but 200.</summary>
    public int Failed { get; private set; }

    /// <summary>The longest time after the warm-up in which no call was answered, in nanoseconds, less the time in which this thread did not run itself.</summary>
    public long LongestGap { get; private set; }

    /// <summary>How many such times were longer than 5 ms.</summary>
    public int Gaps { get; private set; }

    /// <summary>The time of each call after the warm-up, in nanoseconds.</summary>
    public long[] Run(int rate, int seconds, int warmup)
    {
        // The kernel may wake a thread 50 µs late unless told otherwise.
        _ = Control(SetTimerSlack, 1, 0, 0, 0);
        _times = new List<long>(rate * seconds + 1);
        var interval = 1_000_000_000L / rate;
        var (total, counted) = ((long)rate * (seconds + warmup), (long)rate * warmup * interval);
        var start = Now();
        for (long sent = 0, answered = 0; answered < total;)
        {
            var now = Now() - start;
            while (sent < total && sent * interval <= now && _free.TryPop(out var connection))
            {
                connection.Send(_requests[sent % _requests.Length], sent * interval);
                sent++;
            }
            var wait = sent == total || _free.Count == 0 ? 100_000_000 : Math.Max(0, sent * interval - (Now() - start));
            answered += Collect(wait, start, counted);
            if (now > (seconds + warmup + 30) * 1_000_000_000L)
                throw new TimeoutException($"{total - answered} calls were not answered.");
        }
        return [.. _times];
    }

    public void Dispose()
    {
        foreach (var connection in _connections)
            connection.Dispose();
    }

    private int Collect(long wait, long start, long counted)
    {
        var time = new TimeSpec { Seconds = wait / 1_000_000_000, Nanoseconds = wait % 1_000_000_000 };
        var before = Now();
        var happened = Poll(_entries, (nuint)_entries.Length, ref time, 0);
        // It returns with the first event or after this time: what is above is the wait for a processor.
        if (Now() - before - wait is > 1_000_000 and var late)
            _late += late;
        if (happened <= 0)
            return 0;
        var answered = 0;
        for (var i = 0; i < _entries.Length; i++)
        {
            if (_entries[i].Happened == 0)
                continue;
            var due = _connections[i].Due;
            var status = _connections[i].Receive();
            if (status == 0)
                continue;
            answered++;
            _free.Push(_connections[i]);
            if (status != 200)
                Failed++;
            if (due >= counted)
                _times.Add(Now() - start - due);
        }
        if (answered > 0)
            NoteGap(Now() - start, counted);
        return answered;
    }

    private void NoteGap(long now, long counted)
    {
        var gap = now - _answeredAt - _late;
        if (_answeredAt >= counted)
        {
            LongestGap = Math.Max(LongestGap, gap);
            Gaps += gap > 5_000_000 ? 1 : 0;
        }
        (_answeredAt, _late) = (now, 0);
    }

    private static long Now() => (long)(Stopwatch.GetTimestamp() * (1e9 / Stopwatch.Frequency));

    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int Descriptor;
        public short Events;
        public short Happened;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }

    [LibraryImport("libc", EntryPoint = "ppoll")]
    private static partial int Poll([In, Out] PollEntry[] entries, nuint count, ref TimeSpec time, nint signals);

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int Control(int option, ulong value, ulong unused2, ulong unused3, ulong unused4);
}
