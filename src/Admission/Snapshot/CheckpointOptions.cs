using Microsoft.Extensions.Configuration;

namespace Tollgate.Admission.Snapshot;

/// <summary>How often counters go to disk: what lies behind is read again from the journal.</summary>
internal sealed record CheckpointOptions(TimeSpan Interval)
{
    public static CheckpointOptions From(IConfiguration configuration)
    {
        var text = configuration["Snapshot:CheckpointMilliseconds"];
        if (string.IsNullOrEmpty(text))
            return new CheckpointOptions(TimeSpan.FromSeconds(2));
        return int.TryParse(text, out var milliseconds) && milliseconds is >= 50 and <= 600_000
            ? new CheckpointOptions(TimeSpan.FromMilliseconds(milliseconds))
            : throw new InvalidOperationException($"Snapshot__CheckpointMilliseconds: '{text}' is not a number between 50 and 600000.");
    }
}
