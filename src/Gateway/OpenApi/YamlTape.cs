using System.Buffers;
using System.Text;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Tollgate.Gateway.OpenApi;

/// <summary>
/// Reads YAML from the parser's events. An alias is copied in place of itself and counts for all that it stands for, so that a small text cannot
/// become a large document; merge keys are resolved; tags are passed over, and no type is ever made from one.
/// </summary>
internal sealed class YamlTape
{
    /// <summary>Values that the aliases of one document may stand for together.</summary>
    public const int MaximumFromAliases = 500_000;

    private readonly ArrayBufferWriter<byte> _text = new();
    private readonly Dictionary<AnchorName, int> _anchors = [];
    private readonly HashSet<AnchorName> _unfinished = [];
    private readonly DocumentTape _tape;
    private readonly IParser _parser;
    private int _depth;
    private int _fromAliases;

    private YamlTape(TextReader text)
    {
        _parser = new Parser(new Scanner(text, skipComments: true));
        _tape = new DocumentTape { Text = () => _text.WrittenMemory };
    }

    /// <summary>The first document of the text, and whether there are more.</summary>
    public static (DocumentTape Tape, bool More) Read(ReadOnlyMemory<byte> utf8)
    {
        using var stream = new MemoryStream(System.Runtime.InteropServices.MemoryMarshal.TryGetArray(utf8, out var segment) ? segment.Array! : utf8.ToArray(),
            segment.Array is null ? 0 : segment.Offset, utf8.Length, writable: false);
        using var text = new StreamReader(stream, Encoding.UTF8);
        var yaml = new YamlTape(text);
        try
        {
            yaml._parser.Consume<StreamStart>();
            if (yaml._parser.Accept<StreamEnd>(out _))
                throw new UnreadableException("It is empty.", 1, 1);
            yaml._parser.Consume<DocumentStart>();
            yaml.Value();
            yaml._parser.Consume<DocumentEnd>();
            return (yaml._tape, !yaml._parser.Accept<StreamEnd>(out _));
        }
        catch (YamlException exception)
        {
            throw new UnreadableException($"It is not valid YAML: {exception.Message}", (int)exception.Start.Line, (int)exception.Start.Column);
        }
        // The parser lets some of its own slips out, such as an escape that is no character.
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException or FormatException or OverflowException or IndexOutOfRangeException)
        {
            throw new UnreadableException("It is not valid YAML", (int?)yaml._parser.Current?.End.Line, (int?)yaml._parser.Current?.End.Column);
        }
    }

    private int Value()
    {
        if (_parser.TryConsume<Scalar>(out var scalar))
            return Remember(scalar.Anchor, Add(scalar, IsLiteral(scalar) ? NodeKind.Literal : NodeKind.String));
        if (_parser.TryConsume<AnchorAlias>(out var alias))
            return Copy(alias);
        var container = _parser.Consume<NodeEvent>();
        if (++_depth > DocumentTape.MaximumDepth)
            throw Unreadable($"It is nested deeper than {DocumentTape.MaximumDepth} levels.", container.Start);
        if (!container.Anchor.IsEmpty)
            _unfinished.Add(container.Anchor);
        var index = container is MappingStart ? Mapping(container.Start) : Sequence(container.Start);
        _depth--;
        _unfinished.Remove(container.Anchor);
        return Remember(container.Anchor, index);
    }

    private int Sequence(Mark start)
    {
        var index = _tape.Add(new DocumentTape.Entry { Kind = NodeKind.Array, Line = (int)start.Line });
        while (!_parser.TryConsume<SequenceEnd>(out _))
            Value();
        _tape[index].End = _tape.Count;
        return index;
    }

    private int Mapping(Mark start)
    {
        var index = _tape.Add(new DocumentTape.Entry { Kind = NodeKind.Object, Line = (int)start.Line });
        List<int>? merged = null;
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            var merge = Key();
            var value = Value();
            if (merge)
                (merged ??= []).Add(value);
        }
        _tape[index].End = _tape.Count;
        if (merged is not null)
            Merge(index, merged);
        return index;
    }

    /// <summary>True when the key was a merge key.</summary>
    private bool Key()
    {
        if (_parser.TryConsume<AnchorAlias>(out var alias))
        {
            var copy = Copy(alias);
            if (_tape[copy].Kind is not (NodeKind.String or NodeKind.Literal))
                throw Unreadable("A key that is a list or a mapping has no meaning in OpenAPI.", alias.Start);
            _tape[copy].Kind = NodeKind.Key;
            return false;
        }
        if (!_parser.TryConsume<Scalar>(out var scalar))
            throw Unreadable("A key that is a list or a mapping has no meaning in OpenAPI.", _parser.Current!.Start);
        var merge = scalar is { Style: ScalarStyle.Plain, Value: "<<" };
        Remember(scalar.Anchor, Add(scalar, merge ? NodeKind.Merge : NodeKind.Key));
        return merge;
    }

    // A mapping's own keys come before merged ones, and earlier merges before later ones.
    private void Merge(int index, List<int> values)
    {
        var own = new HashSet<string>(StringComparer.Ordinal);
        foreach (var member in new Node(_tape, index).WrittenMembers())
            own.Add(_tape.TextOf(member.Key));
        var sources = values.Select(value => new Node(_tape, value)).SelectMany(node => node.IsArray ? node.Items() : [node]).ToList();
        foreach (var member in sources.SelectMany(source => source.WrittenMembers()).ToList())
        {
            if (!own.Add(_tape.TextOf(member.Key)))
                continue;
            _tape.AddCopy(member.Key);
            CountAlias(_tape[member.Value.Index].End - member.Value.Index, _tape[index].Line);
            _tape.AddCopy(member.Value.Index);
        }
        _tape[index].End = _tape.Count;
    }

    private int Copy(AnchorAlias alias)
    {
        if (_unfinished.Contains(alias.Value))
            throw Unreadable($"The alias *{alias.Value} stands inside of what it stands for.", alias.Start);
        if (!_anchors.TryGetValue(alias.Value, out var target))
            throw Unreadable($"There is no anchor &{alias.Value} for this alias.", alias.Start);
        CountAlias(_tape[target].End - target, (int)alias.Start.Line);
        var index = _tape.Count;
        _tape.AddCopy(target);
        if (_tape[index].Kind is NodeKind.Key or NodeKind.Merge)
            _tape[index].Kind = NodeKind.String;
        return index;
    }

    private void CountAlias(int nodes, int line)
    {
        _fromAliases += nodes;
        if (_fromAliases > MaximumFromAliases)
            throw new UnreadableException($"Its aliases stand for more than {MaximumFromAliases:N0} values.", line, column: null);
    }

    private int Add(Scalar scalar, NodeKind kind)
    {
        var start = _text.WrittenCount;
        var length = Encoding.UTF8.GetBytes(scalar.Value, _text.GetSpan(Encoding.UTF8.GetMaxByteCount(scalar.Value.Length)));
        _text.Advance(length);
        return _tape.Add(new DocumentTape.Entry { Kind = kind, Line = (int)scalar.Start.Line, TextStart = start, TextLength = length });
    }

    private int Remember(AnchorName anchor, int index)
    {
        if (!anchor.IsEmpty)
            _anchors[anchor] = index;
        return index;
    }

    private static bool IsLiteral(Scalar scalar) => scalar.Style == ScalarStyle.Plain
        && (scalar.Value is "" or "~" or "null" or "Null" or "NULL" or "true" or "True" or "TRUE" or "false" or "False" or "FALSE"
            || double.TryParse(scalar.Value, System.Globalization.CultureInfo.InvariantCulture, out _));

    private static UnreadableException Unreadable(string message, Mark at) => new(message, (int)at.Line, (int)at.Column);
}
