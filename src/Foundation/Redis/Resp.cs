using System.Buffers;
using System.Globalization;
using System.Text;

namespace Tollgate.Foundation.Redis;

/// <summary>RESP, version 2, the way out: a command is an array of strings.</summary>
internal static class RespWriter
{
    public static ReadOnlyMemory<byte> Command(string command, params ReadOnlySpan<object> arguments)
    {
        var bytes = new ArrayBufferWriter<byte>();
        Header(bytes, '*', arguments.Length + 1);
        Text(bytes, command);
        foreach (var argument in arguments)
            Text(bytes, Convert.ToString(argument, CultureInfo.InvariantCulture) ?? "");
        return bytes.WrittenMemory;
    }

    private static void Text(ArrayBufferWriter<byte> bytes, string text)
    {
        Header(bytes, '$', Encoding.UTF8.GetByteCount(text));
        bytes.Advance(Encoding.UTF8.GetBytes(text, bytes.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length))));
        bytes.Write("\r\n"u8);
    }

    private static void Header(ArrayBufferWriter<byte> bytes, char kind, int number) =>
        bytes.Advance(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{kind}{number}\r\n"), bytes.GetSpan(32)));
}

/// <summary>RESP, version 2, the way back: each reply is null, a text (numbers too), a list of replies, or an error.</summary>
internal sealed class RespReader(Stream stream)
{
    private const int LongestLine = 64 * 1024;
    private const int LongestText = 64 * 1024 * 1024;
    private const int MostItems = 16 * 1024 * 1024;
    private const int Deepest = 8;

    private readonly byte[] _buffer = new byte[16 * 1024];
    private int _start;
    private int _end;

    /// <exception cref="IOException">The connection has ended, or what came is no reply.</exception>
    public ValueTask<object?> ReadAsync() => ReadAsync(Deepest);

    private async ValueTask<object?> ReadAsync(int depth)
    {
        var line = await ReadLineAsync().ConfigureAwait(false);
        return line switch
        {
            ['+' or ':', ..] => line[1..],
            ['-', ..] => new RespError(line[1..]),
            ['$', ..] => await ReadTextAsync(Length(line, LongestText)).ConfigureAwait(false),
            ['*', ..] when depth > 0 => await ReadListAsync(Length(line, MostItems), depth - 1).ConfigureAwait(false),
            _ => throw new IOException("What Redis answered is no reply."),
        };
    }

    private async ValueTask<object?> ReadListAsync(int count, int depth)
    {
        if (count < 0)
            return null;
        var items = new List<object?>(Math.Min(count, 1024));
        for (var i = 0; i < count; i++)
            items.Add(await ReadAsync(depth).ConfigureAwait(false));
        return items;
    }

    private async ValueTask<string?> ReadTextAsync(int length)
    {
        if (length < 0)
            return null;
        var bytes = ArrayPool<byte>.Shared.Rent(length + 2);
        try
        {
            for (var filled = 0; filled < length + 2;)
            {
                if (_start == _end)
                    await FillAsync().ConfigureAwait(false);
                var count = Math.Min(_end - _start, length + 2 - filled);
                _buffer.AsSpan(_start, count).CopyTo(bytes.AsSpan(filled));
                _start += count;
                filled += count;
            }
            return Encoding.UTF8.GetString(bytes, 0, length);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    private async ValueTask<string> ReadLineAsync()
    {
        var line = new StringBuilder();
        while (true)
        {
            if (_start == _end)
                await FillAsync().ConfigureAwait(false);
            var end = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
            var count = end < 0 ? _end - _start : end + 1;
            line.Append(Encoding.UTF8.GetString(_buffer, _start, count));
            _start += count;
            if (end >= 0)
                return line.ToString().TrimEnd('\r', '\n');
            if (line.Length > LongestLine)
                throw new IOException("A line of Redis's reply is too long.");
        }
    }

    private async ValueTask FillAsync()
    {
        _start = 0;
        _end = await stream.ReadAsync(_buffer).ConfigureAwait(false);
        if (_end == 0)
            throw new EndOfStreamException("Redis has closed the connection.");
    }

    private static int Length(string line, int most) =>
        int.TryParse(line.AsSpan(1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var length) && length >= -1 && length <= most ? length
        : throw new IOException("A length in Redis's reply is none.");
}

internal sealed record RespError(string Message);
