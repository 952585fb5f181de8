namespace Tollgate.Foundation;

/// <summary>Brings the database up before anything that needs it: finds or starts the server, and sees to the schema.</summary>
public interface IDatabaseStartup
{
    /// <summary>
    /// Called by the host before hosted services start, which go on while the program's own server does: it says what is wrong with that and launches it. Without effect
    /// where <c>ConnectionStrings__Tollgate</c> names another.
    /// </summary>
    /// <exception cref="StartupException">The data folder or the server's programs cannot be used.</exception>
    Task LaunchAsync(CancellationToken cancellation);

    /// <summary>
    /// Called by whatever needs the database; again is no error. Without <c>ConnectionStrings__Tollgate</c> it starts the program's own
    /// cluster and migrates it; with it, it waits until the schema is up to date (<c>tollgate migrate</c>) and says so in the log.
    /// </summary>
    Task EnsureReadyAsync(CancellationToken cancellation);

    /// <summary>For commands beside a running program (<c>tollgate reconcile</c>): as <see cref="EnsureReadyAsync"/>, but uses the running program's cluster.</summary>
    Task AttachAsync(CancellationToken cancellation);

    /// <summary>Only the program's own server, whatever its schema (`tollgate postgres`, backups). Answers the folder of its socket.</summary>
    /// <exception cref="StartupException">The settings name a server of the operator's.</exception>
    Task<string> StartServerAsync(CancellationToken cancellation);

    /// <summary><c>tollgate migrate</c>: applies what is missing, as tollgate_owner. Returns the files that it applied.</summary>
    Task<IReadOnlyList<string>> MigrateAsync(CancellationToken cancellation);
}
