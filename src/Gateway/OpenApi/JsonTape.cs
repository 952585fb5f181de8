using System.Text.Json;

namespace Tollgate.Gateway.OpenApi;

/// <summary>Reads JSON in one pass. The texts stay where they are, in the document.</summary>
internal static class JsonTape
{
    public static DocumentTape Read(ReadOnlyMemory<byte> utf8)
    {
        var tape = new DocumentTape { Text = () => utf8 };
        var reader = new Utf8JsonReader(utf8.Span, new JsonReaderOptions { MaxDepth = DocumentTape.MaximumDepth });
        var open = new Stack<int>();
        var (line, counted) = (1, 0);
        try
        {
            while (reader.Read())
            {
                var at = (int)reader.TokenStartIndex;
                line += utf8.Span[counted..at].Count((byte)'\n');
                counted = at;
                if (reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray)
                {
                    tape[open.Pop()].End = tape.Count;
                    continue;
                }
                var index = tape.Add(EntryOf(ref reader, at, line));
                if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
                    open.Push(index);
            }
        }
        catch (JsonException exception)
        {
            throw new UnreadableException($"It is not valid JSON: {Sentence(exception.Message)}", (int?)exception.LineNumber + 1, (int?)exception.BytePositionInLine + 1);
        }
        return tape;
    }

    private static DocumentTape.Entry EntryOf(ref Utf8JsonReader reader, int at, int line)
    {
        var kind = reader.TokenType switch
        {
            JsonTokenType.StartObject => NodeKind.Object,
            JsonTokenType.StartArray => NodeKind.Array,
            JsonTokenType.PropertyName => NodeKind.Key,
            JsonTokenType.String => NodeKind.String,
            _ => NodeKind.Literal,
        };
        var quoted = kind is NodeKind.Key or NodeKind.String;
        return new DocumentTape.Entry
        {
            Kind = kind,
            Line = line,
            TextStart = quoted ? at + 1 : at,
            TextLength = kind is NodeKind.Object or NodeKind.Array ? 0 : reader.ValueSpan.Length,
            Escaped = quoted && reader.ValueIsEscaped,
        };
    }

    // The reader's message ends in "LineNumber: 3 | BytePositionInLine: 4.", which is told apart from it.
    private static string Sentence(string message)
    {
        var end = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return end < 0 ? message : message[..end];
    }
}
