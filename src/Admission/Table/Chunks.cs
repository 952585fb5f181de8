using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Tollgate.Foundation;

namespace Tollgate.Admission.Table;

/// <summary>
/// A flat array of structs that grows by chunks, each twice as large as the one before. Chunks never move, so that an element may be held by reference as long as the process
/// lives, and all are too large for the garbage collector to move them. One writer; any number of readers without a lock.
/// </summary>
internal sealed class Chunks<T>
    where T : unmanaged
{
    private readonly T[][] _chunks = new T[ChunkSizes.Chunks][];
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public ref T this[int number]
    {
        get
        {
            var chunk = ChunkSizes.ChunkOf(number);
            return ref _chunks[chunk][ChunkSizes.PlaceIn(chunk, number)];
        }
    }

    /// <summary>A look at this element may follow: the processor fetches it while other work is done.</summary>
    public unsafe void Expect(int number)
    {
        if (Sse.IsSupported && (uint)number < (uint)Volatile.Read(ref _count))
            Sse.Prefetch0(Unsafe.AsPointer(ref this[number]));
    }

    /// <summary>One more; it is there before it is counted. For the one writer.</summary>
    public int Add(in T value)
    {
        var number = _count;
        var chunk = ChunkSizes.ChunkOf(number);
        if (_chunks[chunk] is null)
            Volatile.Write(ref _chunks[chunk], LargeArrays.Make<T>(ChunkSizes.LengthOf(chunk)));
        this[number] = value;
        Volatile.Write(ref _count, number + 1);
        return number;
    }
}
