namespace Tollgate.Admission.Table;

/// <summary>
/// Finds the number of an id, eight bytes an id: open addressing into entries that are elsewhere. One writer, any number of readers without a lock; nothing is ever
/// taken out, and a full index is rebuilt aside and swapped.
/// </summary>
internal sealed class IdIndex(Func<int, Guid> idOf)
{
    // Fibonacci hashing: ids differ in some of their bits, wherever these are.
    private const ulong Golden = 11400714819323198485;

    private volatile Places _places = new(1024);
    private int _count;

    public int Find(Guid id)
    {
        var places = _places;
        var number = places.At(StartOf(id));
        for (var place = StartOf(id) + 1; number >= 0 && idOf(number) != id; place++)
            number = places.At(place);
        return number;
    }

    /// <summary>The numbers go up by one, and the entry is complete. For the one writer.</summary>
    public void Add(int number)
    {
        _count = number + 1;
        if (_places.HasRoomFor(_count))
        {
            _places.Publish(StartOf(idOf(number)), number);
            return;
        }
        var larger = new Places(_places.Length * 2);
        for (var known = 0; known < _count; known++)
            larger.Publish(StartOf(idOf(known)), known);
        _places = larger;
    }

    private static int StartOf(Guid id) => (int)((ulong)(uint)id.GetHashCode() * Golden >> 33);
}
