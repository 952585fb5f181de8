namespace Tollgate.Foundation;

/// <summary>
/// Where sealed bytes stand in the database: a table and its column, and the SQL that tells from a row the purpose that its secret was sealed for.
/// A module registers each of its own.
/// </summary>
public sealed record SealedColumn(string Table, string Column, string PurposeSql);

/// <summary>Changes the key of the secrets at rest (<c>tollgate rotate-keys</c>).</summary>
public interface ISecretRotation
{
    /// <summary>Puts a new key before those in the key file; running programs of this machine take it up by themselves. False where the key is a setting of the operator's.</summary>
    bool AddKey();

    /// <summary>Seals with the newest key whatever an older one has sealed; answers how many, by table and column.</summary>
    Task<IReadOnlyDictionary<string, int>> ResealAsync(CancellationToken cancellation);

    /// <summary>How many secrets only older keys open.</summary>
    Task<int> CountOldAsync(CancellationToken cancellation);

    /// <summary>The same of one column that is not sealed anew, because what is in it does not stay.</summary>
    Task<int> CountOldAsync(SealedColumn column, CancellationToken cancellation);

    /// <summary>Takes the keys out of the key file that are older than the newest one was when <see cref="CountOldAsync(CancellationToken)"/> found what they are needed for.</summary>
    void ForgetOldKeys();
}
