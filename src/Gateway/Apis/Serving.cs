using Microsoft.Extensions.Logging;
using Npgsql;
using Tollgate.Foundation;

namespace Tollgate.Gateway.Apis;

/// <summary>Waits, after a commit, until this node serves what was committed, so that the answer is true when it arrives. The other nodes follow by themselves.</summary>
internal sealed partial class Serving(IChangeFeed changes, TimeProvider clock, ILogger<Serving> logger)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    public async Task CatchUpAsync()
    {
        using var limit = new CancellationTokenSource(Limit, clock);
        try
        {
            await changes.CatchUpAsync(limit.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is OperationCanceledException or NpgsqlException or TimeoutException)
        {
            // It is committed: a failure now would be a lie. The feed applies it as soon as it can.
            LogLate(logger, exception);
        }
    }

    [LoggerMessage(502, LogLevel.Warning, "The change feed did not catch up in time; the change is committed and will be served a little later")]
    private static partial void LogLate(ILogger logger, Exception exception);
}
