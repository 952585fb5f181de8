namespace Tollgate.Metering.Journal;

/// <summary>Copies of short texts, many to one allocation: a batch has two for each of its records.</summary>
internal sealed class TextBlocks
{
    private const int BlockBytes = 16 * 1024;
    private byte[] _block = [];
    private int _used;

    public ReadOnlyMemory<byte> Copy(ReadOnlySpan<byte> text)
    {
        if (_block.Length - _used < text.Length)
            (_block, _used) = (new byte[Math.Max(BlockBytes, text.Length)], 0);
        var copy = new Memory<byte>(_block, _used, text.Length);
        text.CopyTo(copy.Span);
        _used += text.Length;
        return copy;
    }
}
