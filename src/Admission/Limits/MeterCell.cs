using System.Runtime.CompilerServices;
using Tollgate.Plans;

namespace Tollgate.Admission.Limits;

/// <summary>
/// All counters of one meter of one subscription, in 64 bytes. <see cref="Total"/> is what was ever taken and only grows; each word says which
/// window is running and what <see cref="Total"/> was when it began, so what is used in any window is a subtraction, and one compare-and-swap of
/// the total takes from every window at once.
/// </summary>
internal struct MeterCell
{
    public long Total;
    public WindowWords Words;
}

/// <summary>A word for each <see cref="Window"/>.</summary>
[InlineArray(7)]
internal struct WindowWords
{
    private ulong _first;
}

/// <summary>Where a cell is. Chunks never move, so a cell may be held by reference for as long as the process lives.</summary>
internal readonly record struct CellPlace(MeterCell[] Chunk, int Index)
{
    public ref MeterCell Cell => ref Chunk[Index];
}

/// <summary>Hands out cells from flat chunks. For the one writer.</summary>
internal sealed class CellStore
{
    private const int ChunkSize = 1024;
    private MeterCell[] _chunk = [];
    private int _used;

    public CellPlace Allocate()
    {
        if (_used == _chunk.Length)
        {
            _chunk = new MeterCell[ChunkSize];
            _used = 0;
        }
        return new CellPlace(_chunk, _used++);
    }
}
