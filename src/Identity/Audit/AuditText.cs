using System.Text.Json;
using System.Text.Json.Nodes;
using Tollgate.Foundation;

namespace Tollgate.Identity.Audit;

/// <summary>What an entry holds, as text.</summary>
internal static class AuditText
{
    public const int MostCharacters = 16 * 1024;

    // A change that carries one of these was put together wrongly: the first test that makes it fails.
    private static readonly HashSet<string> Secrets = new(StringComparer.Ordinal)
    {
        "password", "password_hash", "secret", "token", "access_token", "refresh_token", "digest", "private_key", "signing_secret", "recovery_codes", "upstream_headers",
    };

    public static string Of(AuditMeans means) => JsonNamingPolicy.SnakeCaseLower.ConvertName(means.ToString());

    public static AuditMeans MeansOf(string text) => Enum.Parse<AuditMeans>(text.Replace("_", "", StringComparison.Ordinal), ignoreCase: true);

    /// <summary>Null for nothing. What is too large to be read in a log keeps its names only.</summary>
    public static string? Of(object? value)
    {
        if (value is null)
            return null;
        var node = JsonSerializer.SerializeToNode(value, Json.Options);
        RefuseSecrets(node);
        var text = node?.ToJsonString(Json.Options);
        return text is { Length: > MostCharacters } && node is JsonObject large
            ? JsonSerializer.Serialize(new { too_large = large.Select(member => member.Key).Take(100) }, Json.Options)
            : text;
    }

    private static void RefuseSecrets(JsonNode? node)
    {
        if (node is JsonArray list)
            foreach (var item in list)
                RefuseSecrets(item);
        if (node is not JsonObject members)
            return;
        foreach (var (name, value) in members)
        {
            if (Secrets.Contains(name) && value is not null)
                throw new InvalidOperationException($"An audit entry must not hold '{name}'.");
            RefuseSecrets(value);
        }
    }
}
