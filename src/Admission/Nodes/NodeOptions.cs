using Microsoft.Extensions.Configuration;

namespace Tollgate.Admission.Nodes;

/// <summary>Whether this process admits calls, and among how many that do each limit is divided.</summary>
/// <param name="Shared">Through Redis; then no limit is divided.</param>
internal sealed record NodeOptions(bool Admits, int Nodes, bool Shared, string Folder)
{
    public static NodeOptions From(IConfiguration configuration)
    {
        var roles = (configuration["Tollgate:Roles"] ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var nodes = 1;
        if (configuration["Limits:Nodes"] is { Length: > 0 } text && (!int.TryParse(text, out nodes) || nodes is < 1 or > 1000))
            throw new InvalidOperationException($"Limits__Nodes: '{text}' is not a number of nodes between 1 and 1000.");
        var shared = !string.IsNullOrWhiteSpace(configuration["Redis:Url"]);
        return new NodeOptions(
            roles.Length == 0 || roles.Contains("gateway", StringComparer.OrdinalIgnoreCase), shared ? 1 : nodes, shared,
            Path.Combine(configuration["Data:Directory"] ?? "data", "admission"));
    }
}
