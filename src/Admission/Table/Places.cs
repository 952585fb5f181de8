using System.Runtime.InteropServices;
using Tollgate.Foundation;

namespace Tollgate.Admission.Table;

/// <summary>
/// The places of a hash index: 0 = free, else the number of an element plus one. A power of two of them, at most half used, so that a probe ends soon, and always ends. Their
/// memory is the system's own and goes back to it once nobody reads this any more: what an index that has grown leaves among the collector's large arrays would stay
/// resident.
/// </summary>
internal sealed unsafe class Places
{
    private readonly int* _first;

    public Places(int length)
    {
        _first = (int*)NativeMemory.AllocZeroed((nuint)length, sizeof(int));
        LargeArrays.Advise(_first, (long)length * sizeof(int));
        Length = length;
        // To the collector this is some words, whatever it holds: without it the old ones would wait long for it.
        GC.AddMemoryPressure(Bytes);
    }

#pragma warning disable MA0055 // Readers hold it without a lock: only the collector knows when the last of them is done.
    ~Places()
    {
        NativeMemory.Free(_first);
        GC.RemoveMemoryPressure(Bytes);
    }
#pragma warning restore MA0055

    public int Length { get; }

    private long Bytes => (long)Length * sizeof(int);

    public bool HasRoomFor(int count) => count * 2L <= Length;

    /// <summary>The number at this place or the one that a probe comes to when it goes on past the end; -1 when it is free.</summary>
    public int At(int place)
    {
        var number = Volatile.Read(ref _first[place & (Length - 1)]) - 1;
        // Read before it can be given back, whoever else has let go of it.
        GC.KeepAlive(this);
        return number;
    }

    /// <summary>Into the first free place from here on. For the one writer.</summary>
    public void Publish(int place, int number)
    {
        while (At(place) >= 0)
            place++;
        Volatile.Write(ref _first[place & (Length - 1)], number + 1);
        GC.KeepAlive(this);
    }
}
