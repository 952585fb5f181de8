using System.Diagnostics;

namespace Tollgate.TestKit;

/// <summary>Who waits for whom is seen in the database.</summary>
internal static class LockWaits
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>Until so many of the database's connections wait for a lock.</summary>
    public static async Task UntilAsync(TestDatabase database, int connections, string what)
    {
        for (var watch = Stopwatch.StartNew(); ; await Task.Delay(10).ConfigureAwait(false))
        {
            var command = database.OwnerOrSuperuser.CreateCommand("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'");
            await using (command.ConfigureAwait(false))
                if ((long)(await command.ExecuteScalarAsync().ConfigureAwait(false))! >= connections)
                    return;
            if (watch.Elapsed > Limit)
                throw new TimeoutException($"{connections} connections were to wait before {what}.");
        }
    }
}
