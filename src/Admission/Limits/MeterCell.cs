using System.Runtime.CompilerServices;
using Tollgate.Admission.Table;
using Tollgate.Plans;

namespace Tollgate.Admission.Limits;

/// <summary>
/// All counters of one meter of one subscription, in 32 bytes. <see cref="Total"/> is what was ever taken and only grows; each window has a word that says which
/// one is running and what <see cref="Total"/> was when it began, so what is used in any window is a subtraction, and one compare-and-swap of
/// the total takes from every window at once. Two words are here, as most plans have no more windows of a meter; those of further ones are elsewhere.
/// </summary>
internal struct MeterCell
{
    public long Total;
    public ulong One;
    public ulong Two;

    /// <summary>A <see cref="CellShape"/>.</summary>
    public ulong Shape;
}

/// <summary>
/// What a cell has, in one word: the link to the subscription's next cell (32 bits, see <see cref="CellStore"/>), the number of its further words plus one (24 bits; 0 = none), and
/// which window each of the two words is of, plus one (4 bits each; 0 = none yet). A window is said before terms with it are in force, and never changed.
/// </summary>
internal readonly record struct CellShape(ulong Word)
{
    private const int MoreShift = 32;
    private const int OneShift = 56;
    private const int TwoShift = 60;
    private const ulong Four = 0xF;

    public int Next => (int)Word;

    public int More => (int)(Word >> MoreShift) & CellStore.Most;

    public int WindowOfOne => (int)(Word >> OneShift & Four);

    public int WindowOfTwo => (int)(Word >> TwoShift);

    public static CellShape Before(int next) => new((uint)next);

    public CellShape WithMore(int more) => new(Word | (ulong)(uint)more << MoreShift);

    public CellShape WithOne(int code) => new(Word | (ulong)(uint)code << OneShift);

    public CellShape WithTwo(int code) => new(Word | (ulong)(uint)code << TwoShift);
}

/// <summary>A word for each <see cref="Window"/>.</summary>
[InlineArray(7)]
internal struct WindowWords
{
    private ulong _first;
}

/// <summary>
/// Where a subscription's cell of one meter is, and by it the cells of its other meters: a link is the meter's code (8 bits) and the cell's number plus one; 0 ends the
/// chain. Cells are only ever added, and never move.
/// </summary>
internal sealed class CellStore
{
    private const int NumberBits = 24;

    /// <summary>So many cells at most, and so many with further words.</summary>
    public const int Most = (1 << NumberBits) - 1;

    private readonly Chunks<MeterCell> _cells = new();
    private readonly Chunks<WindowWords> _more = new();

    public ref MeterCell this[int number] => ref _cells[number];

    public void Expect(int number) => _cells.Expect(number);

    /// <summary>Number of the meter's cell, or -1.</summary>
    public int Find(ref int chain, byte meter)
    {
        for (var link = Volatile.Read(ref chain); link != 0; link = ShapeOf(ref _cells[Number(link)]).Next)
            if ((byte)(link >> NumberBits) == meter)
                return Number(link);
        return -1;
    }

    /// <summary>For the one writer.</summary>
    public int Ensure(ref int chain, byte meter)
    {
        if (Find(ref chain, meter) is var known && known >= 0)
            return known;
        if (_cells.Count == Most)
            throw new InvalidOperationException("There are more counters than one process can hold.");
        var number = _cells.Add(new MeterCell { Shape = CellShape.Before(chain).Word });
        Volatile.Write(ref chain, (meter << NumberBits) | (number + 1));
        return number;
    }

    /// <summary>The word of a window that has one.</summary>
    public ref ulong Word(ref MeterCell cell, Window window)
    {
        var shape = ShapeOf(ref cell);
        if (shape.WindowOfOne == (int)window + 1)
            return ref cell.One;
        if (shape.WindowOfTwo == (int)window + 1)
            return ref cell.Two;
        return ref _more[shape.More - 1][(int)window];
    }

    /// <summary>Gives a window its word, where it has none. For the one writer.</summary>
    public void EnsureWord(ref MeterCell cell, Window window)
    {
        var (shape, code) = (ShapeOf(ref cell), (int)window + 1);
        if (shape.WindowOfOne == code || shape.WindowOfTwo == code)
            return;
        var wider = shape switch
        {
            { WindowOfOne: 0 } => shape.WithOne(code),
            { WindowOfTwo: 0 } => shape.WithTwo(code),
            { More: 0 } => shape.WithMore(_more.Add(default) + 1),
            _ => shape,
        };
        Volatile.Write(ref cell.Shape, wider.Word);
    }

    private static CellShape ShapeOf(ref MeterCell cell) => new(Volatile.Read(ref cell.Shape));

    private static int Number(int link) => (link & Most) - 1;
}
