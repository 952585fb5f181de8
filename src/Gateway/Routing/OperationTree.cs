using Tollgate.Gateway.Apis;

namespace Tollgate.Gateway.Routing;

/// <summary>
/// Finds the operation of a call by method and path: a tree over the segments of the templates, built once for each version of an API.
/// A literal segment goes before a mixed one (<c>{name}.json</c>), that before a parameter, as OpenAPI asks.
/// </summary>
internal sealed class OperationTree
{
    private readonly Node _root;

    public OperationTree(IReadOnlyList<OperationRoute> operations)
    {
        var root = new Builder();
        foreach (var operation in operations)
            root.Add(operation.Template.AsSpan().TrimStart('/'), operation);
        _root = root.Build();
    }

    /// <summary>Guid.Empty when the document has no such operation.</summary>
    public Guid Match(string method, ReadOnlySpan<char> path) => Find(_root, method, path.Length > 0 ? path[1..] : path);

    private static Guid Find(Node node, string method, ReadOnlySpan<char> path)
    {
        if (path.IsEmpty)
            return node.OperationOf(method);
        var slash = path.IndexOf('/');
        var segment = slash < 0 ? path : path[..slash];
        var rest = slash < 0 ? default : path[(slash + 1)..];
        if (node.Literal(segment) is { } literal && Find(literal, method, rest) is var found && found != Guid.Empty)
            return found;
        foreach (var mixed in node.Mixed)
            if (mixed.Matches(segment) && Find(mixed.Next, method, rest) is var inner && inner != Guid.Empty)
                return inner;
        return node.Parameter is { } parameter && !segment.IsEmpty ? Find(parameter, method, rest) : Guid.Empty;
    }

    // There are two for each operation, and most have one method or one literal at the most: frozen dictionaries of them took 2 MB more for 10,000 operations, and no less time.
    private sealed class Node(Dictionary<string, Node>? literals, Mixed[] mixed, Node? parameter, (string Method, Guid Operation)[] methods)
    {
        public Mixed[] Mixed => mixed;

        public Node? Parameter => parameter;

        public Node? Literal(ReadOnlySpan<char> segment) =>
            literals is not null && literals.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(segment, out var next) ? next : null;

        public Guid OperationOf(string method)
        {
            foreach (var (known, operation) in methods)
                if (known == method)
                    return operation;
            return Guid.Empty;
        }
    }

    /// <summary>A segment with text around its parameters: compared by what stands before the first and after the last.</summary>
    private sealed record Mixed(string Prefix, string Suffix, Node Next)
    {
        public bool Matches(ReadOnlySpan<char> segment) =>
            segment.Length > Prefix.Length + Suffix.Length && segment.StartsWith(Prefix, StringComparison.Ordinal) && segment.EndsWith(Suffix, StringComparison.Ordinal);
    }

    private sealed class Builder
    {
        private readonly Dictionary<string, Builder> _literals = new(StringComparer.Ordinal);
        private readonly Dictionary<(string Prefix, string Suffix), Builder> _mixed = [];
        private readonly Dictionary<string, Guid> _methods = new(StringComparer.Ordinal);
        private Builder? _parameter;

        public void Add(ReadOnlySpan<char> template, OperationRoute operation)
        {
            if (template.IsEmpty)
            {
                _methods.TryAdd(operation.Method, operation.Id);
                return;
            }
            var slash = template.IndexOf('/');
            var rest = slash < 0 ? default : template[(slash + 1)..];
            Child(slash < 0 ? template : template[..slash]).Add(rest, operation);
        }

        public Node Build() => new(
            _literals.Count == 0 ? null : _literals.ToDictionary(pair => pair.Key, pair => pair.Value.Build(), StringComparer.Ordinal),
            [.. _mixed.OrderByDescending(pair => pair.Key.Prefix.Length + pair.Key.Suffix.Length).Select(pair => new Mixed(pair.Key.Prefix, pair.Key.Suffix, pair.Value.Build()))],
            _parameter?.Build(), [.. _methods.Select(pair => (pair.Key, pair.Value))]);

        private Builder Child(ReadOnlySpan<char> segment)
        {
            var open = segment.IndexOf('{');
            var close = segment.LastIndexOf('}');
            if (open < 0 || close < open)
                return GetOrAdd(_literals, segment.ToString());
            return open == 0 && close == segment.Length - 1
                ? _parameter ??= new Builder()
                : GetOrAdd(_mixed, (segment[..open].ToString(), segment[(close + 1)..].ToString()));
        }

        private static Builder GetOrAdd<TKey>(Dictionary<TKey, Builder> children, TKey key)
            where TKey : notnull => children.TryGetValue(key, out var child) ? child : children[key] = new Builder();
    }
}
