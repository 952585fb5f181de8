using System.Text;

namespace Tollgate.Gateway.OpenApi;

/// <summary>
/// Walks the whole document once: every <c>$ref</c> that points inside must find something, those that point outside are named and never followed
/// (a document must not make this server call an address), and no object may hold one key twice.
/// </summary>
internal sealed class References(Node root, bool swagger2, Findings findings)
{
    // Objects whose keys are names that the author chose: a member "example" or "default" of such a map is a thing of that name, not an example.
    private static readonly string[] NameMaps =
    [
        "properties", "patternProperties", "definitions", "$defs", "dependentSchemas", "schemas", "responses", "parameters", "requestBodies", "headers",
        "securitySchemes", "securityDefinitions", "links", "callbacks", "pathItems", "paths", "webhooks", "content", "encoding", "variables", "mediaTypes", "examples",
    ];

    private static readonly HashSet<string> NameMapKeys = new(NameMaps, StringComparer.Ordinal);

    // What stands here is data of the API, in which "$ref" means nothing to OpenAPI.
    private static readonly HashSet<string> DataKeys = new(["example", "default", "enum", "const", "value", "dataValue", "serializedValue"], StringComparer.Ordinal);

    // Keys and items on the way to the node in hand: a key's entry, or for an item of an array the complement of its position.
    private readonly List<int> _way = [];
    private readonly HashSet<string> _resolved = new(StringComparer.Ordinal);
    private HashSet<string>? _anchors;

    public void Check() => Visit(root, isNameMap: false, hasBase: false);

    private void Visit(Node node, bool isNameMap, bool hasBase)
    {
        if (node.IsArray)
            VisitItems(node, hasBase);
        if (!node.IsObject)
            return;
        // $id gives a schema (3.1) an address of its own, against which the references below it are meant: they are not ours to judge.
        hasBase = hasBase || (!isNameMap && _way.Count > 0 && node["$id"u8]?.IsString == true);
        HashSet<string>? seen = null;
        foreach (var (key, value) in node.WrittenMembers())
        {
            var name = node.Tape.TextOf(key);
            if (!(seen ??= new HashSet<string>(StringComparer.Ordinal)).Add(name))
                findings.Warning(Pointer(name), node.Tape[key].Line, $"The key '{name}' stands here twice; the last one counts.");
            if (name == "$ref" && !value.IsObject && !value.IsArray)
                CheckReference(node.Tape[key].Line, value, hasBase);
            else if (isNameMap || !IsData(name, value))
            {
                _way.Add(key);
                Visit(value, !isNameMap && NameMapKeys.Contains(name), hasBase);
                _way.RemoveAt(_way.Count - 1);
            }
        }
    }

    private void VisitItems(Node node, bool hasBase)
    {
        var position = 0;
        foreach (var item in node.Items())
        {
            _way.Add(~position++);
            Visit(item, isNameMap: false, hasBase);
            _way.RemoveAt(_way.Count - 1);
        }
    }

    private bool IsData(string name, Node value) => DataKeys.Contains(name) || name.StartsWith("x-", StringComparison.Ordinal)
        || (name == "examples" && (swagger2 || value.IsArray));

    private void CheckReference(int line, Node value, bool hasBase)
    {
        if (value.String is not { } reference)
        {
            findings.Error(Pointer("$ref"), line, "This reference has no text. In YAML a reference must be quoted, because # begins a comment.");
            return;
        }
        if (reference.Length == 0 || reference[0] != '#')
        {
            if (!hasBase)
                findings.Warning(Pointer("$ref"), line, $"'{reference}' lies outside of this document. It is never fetched; put what it stands for into the document.");
        }
        else if (!hasBase && !Exists(reference))
            findings.Error(Pointer("$ref"), line, $"'{reference}' points at nothing in this document.");
    }

    private bool Exists(string reference)
    {
        if (_resolved.Contains(reference))
            return true;
        var found = reference.Length > 1 && reference[1] != '/'
            ? (_anchors ??= Anchors()).Contains(reference[1..])
            : JsonPointer.Resolve(root, reference[1..]) is not null;
        if (found)
            _resolved.Add(reference);
        return found;
    }

    private HashSet<string> Anchors()
    {
        var anchors = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < root.Tape.Count - 1; i++)
        {
            if (root.Tape[i].Kind == NodeKind.Key && (root.Tape.TextIs(i, "$anchor"u8) || root.Tape.TextIs(i, "$dynamicAnchor"u8)) && new Node(root.Tape, i + 1).String is { } name)
                anchors.Add(name);
        }
        return anchors;
    }

    private string Pointer(string last)
    {
        var pointer = new StringBuilder();
        foreach (var step in _way)
            pointer.AppendToken(step < 0 ? (~step).ToString(System.Globalization.CultureInfo.InvariantCulture) : root.Tape.TextOf(step));
        return pointer.AppendToken(last).ToString();
    }
}
