using Microsoft.Extensions.Configuration;

namespace Tollgate.Foundation.Metrics;

/// <summary>Who may see the page: whoever reaches a listener of its own, or who has the token on the control port. By default nobody.</summary>
internal sealed class MetricsOptions(IConfiguration configuration)
{
    private const int LeastTokenLength = 16;

    /// <summary>None by default: a port that nobody asked for would be in the way of a second program on the machine.</summary>
    public string? Url { get; } = configuration["Metrics:Url"] is { Length: > 0 } url ? url : null;

    public string? Token { get; } = configuration["Metrics:Token"] is { Length: > 0 } token ? token : null;

    /// <exception cref="StartupException">A token that could be guessed.</exception>
    public void Validate()
    {
        if (Token?.Length < LeastTokenLength)
            throw new StartupException($"Metrics__Token must have at least {LeastTokenLength} characters.");
    }
}
