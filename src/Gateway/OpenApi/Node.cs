using System.Text;

namespace Tollgate.Gateway.OpenApi;

/// <summary>A value in a <see cref="DocumentTape"/>.</summary>
internal readonly record struct Node(DocumentTape Tape, int Index)
{
    public NodeKind Kind => Tape[Index].Kind;

    public int Line => Tape[Index].Line;

    public bool IsObject => Kind == NodeKind.Object;

    public bool IsArray => Kind == NodeKind.Array;

    public bool IsString => Kind == NodeKind.String;

    /// <summary>The text of a string or literal, as YAML's <c>swagger: 2.0</c> is meant like JSON's <c>"2.0"</c>; null for anything else.</summary>
    public string? Text => Kind is NodeKind.String or NodeKind.Literal ? Tape.TextOf(Index) : null;

    /// <summary>The text of a string; null for anything else.</summary>
    public string? String => IsString ? Tape.TextOf(Index) : null;

    public Node? this[ReadOnlySpan<byte> name] => IsObject && Tape.Find(Index, name) is >= 0 and var found ? new Node(Tape, found) : null;

    public Node? this[string name] => this[Encoding.UTF8.GetBytes(name)];

    /// <summary>The members of an object as they are written, duplicates included.</summary>
    public IEnumerable<Member> WrittenMembers()
    {
        if (!IsObject)
            yield break;
        var end = Tape[Index].End;
        for (var i = Index + 1; i < end; i = Tape[i + 1].End)
        {
            if (Tape[i].Kind == NodeKind.Key)
                yield return new Member(i, new Node(Tape, i + 1));
        }
    }

    /// <summary>The members of an object as a reader sees them: of several with one name, the last.</summary>
    public IReadOnlyCollection<KeyValuePair<string, Node>> Members()
    {
        var members = new OrderedDictionary<string, Node>(StringComparer.Ordinal);
        foreach (var member in WrittenMembers())
            members[Tape.TextOf(member.Key)] = member.Value;
        return members;
    }

    public IEnumerable<Node> Items()
    {
        if (!IsArray)
            yield break;
        var end = Tape[Index].End;
        for (var i = Index + 1; i < end; i = Tape[i].End)
            yield return new Node(Tape, i);
    }

    /// <param name="Key">Index of the key's entry.</param>
    internal readonly record struct Member(int Key, Node Value);
}
