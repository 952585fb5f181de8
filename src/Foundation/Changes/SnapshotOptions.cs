using Microsoft.Extensions.Configuration;

namespace Tollgate.Foundation.Changes;

/// <summary>How long a node that cannot reach the database serves from what it knows.</summary>
internal sealed record SnapshotOptions(TimeSpan GreatestStaleness)
{
    public static SnapshotOptions From(IConfiguration configuration)
    {
        var text = configuration["Snapshot:GreatestStalenessSeconds"];
        if (string.IsNullOrEmpty(text))
            return new SnapshotOptions(TimeSpan.FromDays(1));
        return int.TryParse(text, out var seconds) && seconds > 0
            ? new SnapshotOptions(TimeSpan.FromSeconds(seconds))
            : throw new InvalidOperationException($"Snapshot__GreatestStalenessSeconds: '{text}' is not a number of seconds above 0.");
    }
}
