namespace Tollgate.Metering.Journal;

/// <summary>Copies of short texts (a path is at most 256 bytes, a method 255), many to one allocation: a batch has two for each of its records.</summary>
internal sealed class TextBlocks
{
    private const int BlockBytes = 16 * 1024;
    private readonly List<byte[]> _blocks = [];
    private byte[] _block = [];
    private int _next;
    private int _used;

    public ReadOnlyMemory<byte> Copy(ReadOnlySpan<byte> text)
    {
        if (text.Length > BlockBytes)
            return text.ToArray();
        if (_block.Length - _used < text.Length)
            (_block, _used) = (Next(), 0);
        var copy = new Memory<byte>(_block, _used, text.Length);
        text.CopyTo(copy.Span);
        _used += text.Length;
        return copy;
    }

    /// <summary>What was copied is written over from now on.</summary>
    public void Clear() => (_block, _next, _used) = ([], 0, 0);

    private byte[] Next()
    {
        if (_next == _blocks.Count)
            _blocks.Add(new byte[BlockBytes]);
        return _blocks[_next++];
    }
}
