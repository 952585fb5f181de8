namespace Tollgate.Admission.Table;

/// <summary>
/// What only some elements of a <see cref="Chunks{T}"/> have, by the same numbers: a page of it is memory where one of them was written, and nothing elsewhere. What was never
/// written has no value; the element itself says whether it has one here, and is written after it. One writer; any number of readers without a lock.
/// </summary>
internal sealed class SparseChunks<T>
    where T : unmanaged
{
    private readonly T[][] _chunks = new T[ChunkSizes.Chunks][];

    /// <summary>Of a number that has been given its place.</summary>
    public ref T this[int number]
    {
        get
        {
            var chunk = ChunkSizes.ChunkOf(number);
            return ref _chunks[chunk][ChunkSizes.PlaceIn(chunk, number)];
        }
    }

    /// <summary>The number's place, to write to. For the one writer.</summary>
    public ref T Ensure(int number)
    {
        var chunk = ChunkSizes.ChunkOf(number);
        // Neither cleared nor in large pages nor where it may be moved: each would make all of it present.
        if (_chunks[chunk] is null)
            Volatile.Write(ref _chunks[chunk], GC.AllocateUninitializedArray<T>(ChunkSizes.LengthOf(chunk), pinned: true));
        return ref this[number];
    }
}
