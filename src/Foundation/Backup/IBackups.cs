namespace Tollgate.Foundation;

/// <summary>`tollgate backup` and `tollgate restore`: all that this node keeps in its data folder.</summary>
public interface IBackups
{
    /// <summary>Takes a backup into a new folder, beside a running program or without one. What is there afterwards under that name is complete.</summary>
    /// <param name="target">A folder that does not exist, or is empty.</param>
    /// <param name="say">Takes a line for the person who waits.</param>
    /// <param name="cancellation">Leaves nothing behind.</param>
    /// <exception cref="StartupException">It cannot be done; the message says why.</exception>
    Task TakeAsync(string target, Action<string> say, CancellationToken cancellation);

    /// <summary>Puts a backup into a data folder that has no database. Whatever stands against it is told at once, before anything is written.</summary>
    /// <param name="source">A folder that <see cref="TakeAsync"/> made.</param>
    /// <param name="say">Takes a line for the person who waits.</param>
    /// <param name="cancellation">The data folder may then hold a part; restoring again goes on.</param>
    /// <exception cref="StartupException">It cannot be done; the message says why.</exception>
    Task RestoreAsync(string source, Action<string> say, CancellationToken cancellation);
}
