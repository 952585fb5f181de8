using System.Runtime.InteropServices;

namespace Tollgate.Metering.Journal;

/// <summary>
/// The streams that have begun and not ended, each with the record that would close it now. Kept in memory so that an end need not read an old, perhaps
/// cold, page; linked in the order of their begins, so that the oldest is known at once. Grows by chunks, reuses slots: nothing is allocated per stream.
/// </summary>
internal sealed unsafe class OpenStreams : IDisposable
{
    private const int ChunkSlots = 128;
    private readonly Dictionary<long, int> _slots = [];
    private readonly List<nint> _chunks = [];
    private readonly Stack<int> _free = new();
    private int _first = -1;
    private int _last = -1;

    public int Count => _slots.Count;

    /// <summary>Offset of the oldest begin without end; long.MaxValue when there is none.</summary>
    public long OldestBegin => _first < 0 ? long.MaxValue : SlotAt(_first)->Offset;

    public void Add(long offset, byte* record, int length)
    {
        if (_free.Count == 0)
            Grow();
        var index = _free.Pop();
        var slot = SlotAt(index);
        slot->Offset = offset;
        slot->Length = length;
        slot->Previous = _last;
        slot->Next = -1;
        Buffer.MemoryCopy(record, slot->Record, JournalFormat.MaximumEventRecord, length);
        if (_last >= 0)
            SlotAt(_last)->Next = index;
        else
            _first = index;
        _last = index;
        _slots.Add(offset, index);
    }

    /// <summary>Null for a stream that is not open.</summary>
    public byte* Find(long offset, out int length)
    {
        length = 0;
        if (!_slots.TryGetValue(offset, out var index))
            return null;
        var slot = SlotAt(index);
        length = slot->Length;
        return slot->Record;
    }

    public void Remove(long offset)
    {
        if (!_slots.Remove(offset, out var index))
            return;
        var slot = SlotAt(index);
        if (slot->Previous >= 0)
            SlotAt(slot->Previous)->Next = slot->Next;
        else
            _first = slot->Next;
        if (slot->Next >= 0)
            SlotAt(slot->Next)->Previous = slot->Previous;
        else
            _last = slot->Previous;
        _free.Push(index);
    }

    public void Dispose()
    {
        foreach (var chunk in _chunks)
            NativeMemory.Free((void*)chunk);
        _chunks.Clear();
        _slots.Clear();
        _free.Clear();
        (_first, _last) = (-1, -1);
    }

    private void Grow()
    {
        var start = _chunks.Count * ChunkSlots;
        _chunks.Add((nint)NativeMemory.AllocZeroed(ChunkSlots, (nuint)sizeof(Slot)));
        for (var i = ChunkSlots - 1; i >= 0; i--)
            _free.Push(start + i);
    }

    private Slot* SlotAt(int index) => (Slot*)_chunks[index / ChunkSlots] + index % ChunkSlots;

    private struct Slot
    {
        public long Offset;
        public int Length;
        public int Previous;
        public int Next;
        public fixed byte Record[JournalFormat.MaximumEventRecord];
    }
}
