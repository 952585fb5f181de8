using Tollgate.Foundation;

namespace Tollgate.Admission.Table;

/// <summary>
/// Finds the number of an id, eight bytes an id: open addressing into entries that are elsewhere. One writer, any number of readers without a lock; nothing is ever
/// taken out, and a full index is rebuilt aside and swapped.
/// </summary>
internal sealed class IdIndex(Func<int, Guid> idOf)
{
    // Fibonacci hashing: ids differ in some of their bits, wherever these are.
    private const ulong Golden = 11400714819323198485;

    // 0 = free, else the number plus one. At most half full.
    private volatile int[] _places = new int[1024];
    private int _count;

    public int Find(Guid id)
    {
        var places = _places;
        var mask = places.Length - 1;
        for (var place = StartOf(id) & mask; ; place = (place + 1) & mask)
        {
            var number = Volatile.Read(ref places[place]) - 1;
            if (number < 0 || idOf(number) == id)
                return number;
        }
    }

    /// <summary>The numbers go up by one, and the entry is complete. For the one writer.</summary>
    public void Add(int number)
    {
        _count = number + 1;
        if (_count * 2L <= _places.Length)
        {
            Publish(_places, number);
            return;
        }
        var larger = LargeArrays.MakeCleared<int>(_places.Length * 2);
        for (var known = 0; known < _count; known++)
            Publish(larger, known);
        _places = larger;
    }

    private void Publish(int[] places, int number)
    {
        var mask = places.Length - 1;
        var place = StartOf(idOf(number)) & mask;
        while (places[place] != 0)
            place = (place + 1) & mask;
        Volatile.Write(ref places[place], number + 1);
    }

    private static int StartOf(Guid id) => (int)((ulong)(uint)id.GetHashCode() * Golden >> 33);
}
