namespace Tollgate.Foundation;

/// <summary>
/// Something in the data folder that a backup must hold. Taken in the order of the modules' ranks, so that the database comes before what is ahead of it (the
/// journal); put back in the other order, so that a database stands only where all else is in place.
/// </summary>
public interface IBackupPart
{
    /// <summary>Its folder in the backup.</summary>
    string Name { get; }

    /// <summary>Before any part is copied.</summary>
    Task PrepareAsync(BackupPlace place, CancellationToken cancellation) => Task.CompletedTask;

    Task BackupAsync(BackupPlace place, CancellationToken cancellation);

    /// <summary>Why it must not be put back here, or null.</summary>
    Task<string?> ObjectionAsync(BackupPlace place, CancellationToken cancellation);

    Task RestoreAsync(BackupPlace place, CancellationToken cancellation);

    /// <summary>After all parts are back and the database answers: says what the operator must know, above all what is lost.</summary>
    Task ExplainAsync(BackupPlace place, CancellationToken cancellation) => Task.CompletedTask;
}

/// <param name="Folder">The part's folder in the backup.</param>
/// <param name="Facts">What the part notes in the backup's manifest.</param>
/// <param name="Say">Takes a line for the person who waits.</param>
public sealed record BackupPlace(string Folder, IDictionary<string, string> Facts, Action<string> Say);
