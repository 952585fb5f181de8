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

    /// <summary>Number of the further words plus one; 0 = none.</summary>
    public int More;

    /// <summary>Which window each word here is of, plus one; 0 = none yet. Said before terms with the window are in force, and never changed.</summary>
    public byte WindowOfOne;
    public byte WindowOfTwo;
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
    private const int Most = (1 << NumberBits) - 1;

    private readonly Chunks<MeterCell> _cells = new();
    private readonly Chunks<int> _next = new();
    private readonly Chunks<WindowWords> _more = new();

    public ref MeterCell this[int number] => ref _cells[number];

    public void Expect(int number) => _cells.Expect(number);

    /// <summary>Number of the meter's cell, or -1.</summary>
    public int Find(ref int chain, byte meter)
    {
        for (var link = Volatile.Read(ref chain); link != 0; link = _next[Number(link)])
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
        var number = _cells.Add(default);
        _next.Add(chain);
        Volatile.Write(ref chain, (meter << NumberBits) | (number + 1));
        return number;
    }

    /// <summary>The word of a window that has one.</summary>
    public ref ulong Word(ref MeterCell cell, Window window)
    {
        if (cell.WindowOfOne == (int)window + 1)
            return ref cell.One;
        if (cell.WindowOfTwo == (int)window + 1)
            return ref cell.Two;
        return ref _more[cell.More - 1][(int)window];
    }

    /// <summary>Gives a window its word, where it has none. For the one writer.</summary>
    public void EnsureWord(ref MeterCell cell, Window window)
    {
        var code = (byte)(window + 1);
        if (cell.WindowOfOne == code || cell.WindowOfTwo == code)
            return;
        if (cell.WindowOfOne == 0)
            cell.WindowOfOne = code;
        else if (cell.WindowOfTwo == 0)
            cell.WindowOfTwo = code;
        else if (cell.More == 0)
            cell.More = _more.Add(default) + 1;
    }

    private static int Number(int link) => (link & Most) - 1;
}
