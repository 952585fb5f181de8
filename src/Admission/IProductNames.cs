using Tollgate.Foundation;

namespace Tollgate.Admission;

/// <summary>How a product is called. Admission knows products only by kind and id; the module that owns a kind implements this and lists them.</summary>
public interface IProductNames
{
    /// <summary>The kind that this answers for: `api`.</summary>
    string Kind { get; }

    /// <summary>Names of those of the ids that are known, in the caller's transaction.</summary>
    Task<IReadOnlyDictionary<Guid, ProductName>> NamesAsync(DbSession session, IReadOnlyCollection<Guid> ids);
}

public sealed record ProductName(string Name, string? Slug)
{
    /// <summary>Its provider is: calls are answered as if there were no such product.</summary>
    public bool Suspended { get; init; }
}
