using System.Numerics;

namespace Tollgate.Admission.Table;

/// <summary>Where the element of a number lies in chunks that double: the first holds 4096, and with it 18 hold a billion.</summary>
internal static class ChunkSizes
{
    public const int Chunks = 18;
    private const int FirstBits = 12;
    private const int First = 1 << FirstBits;

    public static int ChunkOf(int number) => BitOperations.Log2((uint)(number + First)) - FirstBits;

    public static int LengthOf(int chunk) => First << chunk;

    public static int PlaceIn(int chunk, int number) => number + First - LengthOf(chunk);
}
