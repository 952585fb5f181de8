using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Tollgate.Gateway.OpenApi;

internal enum NodeKind : byte
{
    Object,
    Array,
    String,

    /// <summary>Numbers, booleans and null: their text is kept as written.</summary>
    Literal,

    /// <summary>The name of a member; the entry after it is the value.</summary>
    Key,

    /// <summary>The key <c>&lt;&lt;</c> of YAML. It and its value are passed over: the members that it merges in are appended as keys of their own.</summary>
    Merge,
}

/// <summary>
/// A document as one flat array of entries in document order over its text: a few bytes a node instead of an object a node, which is what keeps a
/// document of many megabytes cheap. <see cref="Entry.End"/> is the index behind the subtree, so that a subtree is passed over in one step.
/// </summary>
internal sealed partial class DocumentTape
{
    /// <summary>Bounds the memory that a document can take, whatever its text does (a YAML alias counts for all that it stands for).</summary>
    public const int MaximumNodes = 4_000_000;

    public const int MaximumDepth = 400;

    // Below this many members a look-up walks, above it builds an index once: many references into one large object stay linear.
    private const int IndexFrom = 24;

    private readonly Dictionary<int, Dictionary<string, int>> _indexes = [];
    private Entry[] _entries = new Entry[1024];

    public int Count { get; private set; }

    /// <summary>UTF-8 that the entries' texts point into.</summary>
    public required Func<ReadOnlyMemory<byte>> Text { get; init; }

    public Node Root => new(this, 0);

    public ref Entry this[int index] => ref _entries[index];

    public int Add(Entry entry)
    {
        if (Count == MaximumNodes)
            throw new UnreadableException($"It has more than {MaximumNodes:N0} values (YAML aliases count for all that they stand for).", entry.Line, column: null);
        if (Count == _entries.Length)
            Array.Resize(ref _entries, Count * 2);
        entry.End = Count + 1;
        _entries[Count] = entry;
        return Count++;
    }

    /// <summary>Appends a copy of the subtree at <paramref name="index"/>.</summary>
    public void AddCopy(int index)
    {
        var (start, end, shift) = (index, _entries[index].End, Count - index);
        for (var i = start; i < end; i++)
        {
            var entry = _entries[i];
            var subtreeEnd = entry.End;
            var added = Add(entry);
            _entries[added].End = subtreeEnd + shift;
        }
    }

    public string TextOf(int index)
    {
        ref readonly var entry = ref _entries[index];
        var bytes = Text().Span.Slice(entry.TextStart, entry.TextLength);
        return entry.Escaped ? Unescape(bytes) : Encoding.UTF8.GetString(bytes);
    }

    public bool TextIs(int index, ReadOnlySpan<byte> text)
    {
        ref readonly var entry = ref _entries[index];
        return entry.Escaped
            ? TextOf(index) == Encoding.UTF8.GetString(text)
            : Text().Span.Slice(entry.TextStart, entry.TextLength).SequenceEqual(text);
    }

    /// <summary>The value of a member, or -1. The last of several with one name wins, as in every JSON reader.</summary>
    public int Find(int index, ReadOnlySpan<byte> name)
    {
        if (_indexes.TryGetValue(index, out var built))
            return built.GetValueOrDefault(Encoding.UTF8.GetString(name), -1);
        var (found, members) = (-1, 0);
        for (var i = index + 1; i < _entries[index].End; i = _entries[i + 1].End)
        {
            members++;
            if (_entries[i].Kind == NodeKind.Key && TextIs(i, name))
                found = i + 1;
        }
        if (members > IndexFrom)
            _indexes[index] = BuildIndex(index, members);
        return found;
    }

    private Dictionary<string, int> BuildIndex(int index, int members)
    {
        var built = new Dictionary<string, int>(members, StringComparer.Ordinal);
        for (var i = index + 1; i < _entries[index].End; i = _entries[i + 1].End)
        {
            if (_entries[i].Kind == NodeKind.Key)
                built[TextOf(i)] = i + 1;
        }
        return built;
    }

    private static string Unescape(ReadOnlySpan<byte> escaped)
    {
        var quoted = $"\"{Encoding.UTF8.GetString(escaped)}\"";
        try
        {
            return JsonSerializer.Deserialize<string>(quoted)!;
        }
        catch (JsonException)
        {
            // Half of a surrogate pair: legal in JSON's grammar, no character. It becomes the replacement character, as everywhere.
            return JsonSerializer.Deserialize<string>(LoneSurrogate().Replace(quoted, @"\ufffd"))!;
        }
    }

    [GeneratedRegex(@"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}", RegexOptions.None, 1000)]
    private static partial Regex LoneSurrogate();

    internal struct Entry
    {
        public NodeKind Kind;
        public bool Escaped;
        public int Line;
        public int End;
        public int TextStart;
        public int TextLength;
    }
}

/// <summary>The text cannot be read as JSON or YAML. Line and column count from 1.</summary>
internal sealed class UnreadableException(string message, int? line, int? column) : Exception(message)
{
    public int? Line { get; } = line;

    public int? Column { get; } = column;
}
