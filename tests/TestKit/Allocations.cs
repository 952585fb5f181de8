using System.Diagnostics;

namespace Tollgate.TestKit;

/// <summary>What a part of the path puts on the heap.</summary>
public static class Allocations
{
    private const int Times = 1000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Bytes that a thousand runs of it allocate. Until the runtime has compiled a part for good, it puts on the heap what it does not then, at a moment of its own: so it is
    /// run again until nothing is allocated, or for 20 s. What each run allocates, or one in a thousand, is always seen.
    /// </summary>
    public static long WhenCompiled(Action part)
    {
        var began = Stopwatch.GetTimestamp();
        long allocated;
        do
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < Times; i++)
                part();
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }
        while (allocated > 0 && Stopwatch.GetElapsedTime(began) < Patience);
        return allocated;
    }
}
