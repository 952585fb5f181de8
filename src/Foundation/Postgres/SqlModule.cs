using System.Reflection;

namespace Tollgate.Foundation;

/// <summary>A module's schema and the assembly that embeds its <c>Sql/NNNN_what.sql</c> files.</summary>
public sealed record SqlModule(string Name, Assembly Assembly);
