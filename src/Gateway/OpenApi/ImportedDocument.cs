namespace Tollgate.Gateway.OpenApi;

/// <summary>What Tollgate takes from an OpenAPI document. The document itself is kept byte for byte beside it.</summary>
/// <param name="SpecVersion">As the document writes it: <c>2.0</c>, <c>3.0.3</c>, <c>3.1.0</c>.</param>
/// <param name="Version">The provider's own number, <c>info.version</c>.</param>
internal sealed record ImportedDocument(
    string SpecVersion, string? Title, string? Description, string? Version, DocumentFormat Format,
    IReadOnlyList<ImportedOperation> Operations, IReadOnlyList<Finding> Findings)
{
    public bool HasErrors => Findings.Any(finding => finding.Severity == FindingSeverity.Error);
}

internal enum DocumentFormat
{
    Json,
    Yaml,
}

/// <param name="Method">Upper case.</param>
/// <param name="Tag">The first of its tags.</param>
internal sealed record ImportedOperation(string Method, string Path, string? OperationId, string? Summary, string? Tag, bool Deprecated);

/// <summary>Error: a part that the document refers to is not there, so a buyer could not use all of it. Warning: probably not what was meant. Info: worth knowing.</summary>
internal enum FindingSeverity
{
    Error,
    Warning,
    Info,
}

/// <param name="Path">JSON pointer (RFC 6901) into the document; empty for the document as a whole.</param>
internal sealed record Finding(FindingSeverity Severity, string Path, int? Line, string Message);
