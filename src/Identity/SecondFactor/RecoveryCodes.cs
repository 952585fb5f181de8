using System.Security.Cryptography;
using Tollgate.Foundation;
using Tollgate.Identity.Passwords;

namespace Tollgate.Identity.SecondFactor;

/// <summary>Ten codes of 49 random bits for the day on which the other factor is gone; each works once and is kept as Argon2id.</summary>
internal sealed class RecoveryCodes(IDatabase database, PasswordHasher hasher, TimeProvider clock)
{
    private const int Count = 10;

    // Without what is taken for something else when it is read from paper.
    private const string Alphabet = "abcdefghjkmnpqrstuvwxyz23456789";

    /// <summary>New codes with their hashes, which take their time.</summary>
    public async Task<IReadOnlyList<(string Code, string Hash)>> MakeAsync(CancellationToken cancellation)
    {
        var codes = Enumerable.Range(0, Count).Select(_ => RandomNumberGenerator.GetString(Alphabet, 10)).ToList();
        var hashes = await Task.WhenAll(codes.Select(code => hasher.HashAsync(code, cancellation))).ConfigureAwait(false);
        return [.. codes.Zip(hashes)];
    }

    /// <summary>In place of all that there were.</summary>
    public async Task ReplaceAsync(DbSession session, Guid accountId, IEnumerable<string> hashes)
    {
        await RemoveAsync(session, accountId).ConfigureAwait(false);
        foreach (var codeHash in hashes)
            await session.ExecuteAsync("INSERT INTO identity.recovery_code (id, account_id, code_hash) VALUES (@id, @accountId, @codeHash)", new { id = TypeId.New(clock), accountId, codeHash }).ConfigureAwait(false);
    }

    public static Task<int> RemoveAsync(DbSession session, Guid accountId) => session.ExecuteAsync("DELETE FROM identity.recovery_code WHERE account_id = @accountId", new { accountId });

    /// <summary>The unused code that this is; null for none. It is not used up by that: see <see cref="UseAsync"/>.</summary>
    public async Task<Guid?> FindAsync(Guid accountId, string code, CancellationToken cancellation)
    {
        var rows = await database.AsWorkerAsync(session => session.QueryAsync<Row>(
            "SELECT id, code_hash FROM identity.recovery_code WHERE account_id = @accountId AND used_at IS NULL", new { accountId }), cancellation).ConfigureAwait(false);
        var typed = new string([.. code.ToLowerInvariant().Where(char.IsAsciiLetterOrDigit)]);
        var matches = await Task.WhenAll(rows.Select(row => hasher.VerifyAsync(row.CodeHash, typed, cancellation))).ConfigureAwait(false);
        var found = Array.IndexOf(matches, true);
        return found < 0 ? null : rows[found].Id;
    }

    public async Task<bool> UseAsync(DbSession session, Guid id) =>
        await session.ExecuteAsync("UPDATE identity.recovery_code SET used_at = @now WHERE id = @id AND used_at IS NULL", new { id, now = clock.GetUtcNow() }).ConfigureAwait(false) == 1;

    private sealed class Row
    {
        public Guid Id { get; init; }

        public string CodeHash { get; init; } = "";
    }
}
