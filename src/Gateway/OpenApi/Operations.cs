using System.Text.RegularExpressions;

namespace Tollgate.Gateway.OpenApi;

/// <summary>The operations of a document: the methods under <c>paths</c>. Webhooks and callbacks are calls that the provider makes; they stay in the document and are not counted.</summary>
internal sealed partial class Operations(Node root, bool has32, Findings findings)
{
    /// <summary>More than the largest public document has by far; each becomes a row and a route.</summary>
    public const int Maximum = 50_000;

    private const int MaximumHops = 16;

    private static readonly string[] Methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

    private readonly List<ImportedOperation> _operations = [];
    private readonly Dictionary<string, string> _pathOfTemplate = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _operationIds = new(StringComparer.Ordinal);

    public IReadOnlyList<ImportedOperation> Read()
    {
        if (root["paths"u8] is not { IsObject: true } paths)
            return [];
        foreach (var (path, item) in paths.Members())
        {
            if (path.StartsWith("x-", StringComparison.Ordinal) || path == "$ref")
                continue;
            CheckPath(path, item.Line);
            ReadPath(path, item);
        }
        return _operations;
    }

    private void ReadPath(string path, Node item)
    {
        if (!item.IsObject)
        {
            findings.Warning(JsonPointer.Of("paths", path), item.Line, "This path is not an object, so it has no operations.");
            return;
        }
        var sources = Follow(item);
        foreach (var method in Methods)
            ReadOperation(path, method, sources, sources.Select(source => source[method]));
        if (has32)
        {
            ReadOperation(path, "query", sources, sources.Select(source => source["query"]));
            foreach (var method in sources.SelectMany(source => source["additionalOperations"]?.Members() ?? []).Select(member => member.Key).Distinct(StringComparer.Ordinal).ToList())
                ReadOperation(path, method, sources, sources.Select(source => source["additionalOperations"]?[method]));
        }
        foreach (var (name, value) in item.Members())
        {
            if (value.IsObject && Array.Exists(Methods, method => method != name && method.Equals(name, StringComparison.OrdinalIgnoreCase)))
                findings.Warning(JsonPointer.Of("paths", path, name), value.Line, $"Methods are written in lower case: '{name}' is not read as an operation.");
        }
    }

    private void ReadOperation(string path, string method, IReadOnlyList<Node> sources, IEnumerable<Node?> candidates)
    {
        if (candidates.FirstOrDefault(candidate => candidate is not null) is not { } operation)
            return;
        var pointer = JsonPointer.Of("paths", path, method);
        if (!operation.IsObject)
        {
            findings.Warning(pointer, operation.Line, "This operation is not an object, so it is not counted.");
            return;
        }
        if (_operations.Count == Maximum)
            throw new TooManyOperationsException();
        var id = operation["operationId"u8]?.Text;
        CheckOperation(pointer, path, sources, operation, id);
        _operations.Add(new ImportedOperation(method.ToUpperInvariant(), Plain.Text(path, int.MaxValue)!, Plain.Text(id, 500), Plain.Text(operation["summary"u8]?.Text, 500),
            Plain.Text(operation["tags"u8]?.Items().Select(tag => tag.Text).FirstOrDefault(tag => tag is not null), 200), operation["deprecated"u8]?.Text is "true" or "True" or "TRUE"));
    }

    private void CheckPath(string path, int line)
    {
        var pointer = JsonPointer.Of("paths", path);
        if (!path.StartsWith('/'))
            findings.Warning(pointer, line, "A path begins with '/'; this one can never be called.");
        else if (path.AsSpan().IndexOfAny('?', '#') >= 0)
            findings.Warning(pointer, line, "A path has no query and no fragment; calls are told apart by the path alone.");
        var shape = Parameter().Replace(path, "{}");
        if (!_pathOfTemplate.TryAdd(shape, path))
            findings.Warning(pointer, line, $"It is the same path as '{_pathOfTemplate[shape]}': only the names of the parameters differ.");
    }

    private void CheckOperation(string pointer, string path, IReadOnlyList<Node> sources, Node operation, string? id)
    {
        if (id is not null && !_operationIds.TryAdd(id, pointer))
            findings.Warning(pointer, operation.Line, $"The operationId '{id}' is taken by {_operationIds[id]}.");
        if (operation["responses"u8] is not { IsObject: true })
            findings.Info(pointer, operation.Line, "It describes no responses.");
        var inPath = Parameter().Matches(path).Select(match => match.Groups["name"].Value).ToHashSet(StringComparer.Ordinal);
        if (inPath.Count == 0 || DeclaredIn(sources.Append(operation)) is not { } declared)
            return;
        foreach (var name in inPath.Where(name => !declared.Contains(name)))
            findings.Warning(pointer, operation.Line, $"The path parameter '{name}' is not declared.");
    }

    // Null when a parameter cannot be seen, because its reference is broken or leads outside: what it declares is not known then.
    private HashSet<string>? DeclaredIn(IEnumerable<Node> owners)
    {
        var declared = new HashSet<string>(StringComparer.Ordinal);
        foreach (var parameter in owners.SelectMany(owner => owner["parameters"u8]?.Items() ?? []))
        {
            var seen = Follow(parameter)[^1];
            if (seen["$ref"u8] is not null)
                return null;
            if (seen["in"u8]?.Text == "path" && seen["name"u8]?.Text is { } name)
                declared.Add(name);
        }
        return declared;
    }

    // The object and what it refers to inside the document, nearest first. A circle ends where it closes.
    private List<Node> Follow(Node node)
    {
        var chain = new List<Node> { node };
        while (chain.Count <= MaximumHops && chain[^1]["$ref"u8]?.String is ['#', .. var fragment])
        {
            if (JsonPointer.Resolve(root, fragment) is not { IsObject: true } next || chain.Contains(next))
                break;
            chain.Add(next);
        }
        return chain;
    }

    [GeneratedRegex(@"\{(?<name>[^{}/]+)\}", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Parameter();
}

internal sealed class TooManyOperationsException : Exception;
