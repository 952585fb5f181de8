using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tollgate.Foundation;
using Tollgate.Identity.Passwords;

namespace Tollgate.Identity.Challenges;

/// <summary>
/// Questions that are answered once. A secret has 256 random bits and is kept as SHA-256; a code has eight digits, is kept as Argon2id with a salt and may be guessed
/// at five times. A guess counts before it is looked at, so that many at once are no more than five.
/// </summary>
internal sealed class ChallengeStore(IDatabase database, PasswordHasher hasher, TimeProvider clock)
{
    private const int Guesses = 5;
    private const string Columns = "id, account_id, email, binding_digest, code_hash, state";

    /// <summary>Everything but the row: the code's hash takes its time outside of a transaction.</summary>
    public async Task<IssuedChallenge> PrepareAsync(ChallengeDraft draft, CancellationToken cancellation)
    {
        var code = draft.HasCode ? RandomNumberGenerator.GetString("0123456789", 8) : null;
        var hash = code is null ? null : await hasher.HashAsync(code, cancellation).ConfigureAwait(false);
        return new IssuedChallenge(TypeId.New(clock), draft, NewSecret(), draft.IsBound ? NewSecret() : null, code, hash, clock.GetUtcNow() + draft.Lifetime);
    }

    public Task AddAsync(DbSession session, IssuedChallenge issued)
    {
        const string insert = """
            INSERT INTO identity.challenge (id, kind, account_id, email, secret_digest, binding_digest, code_hash, state, created_at, expires_at)
            VALUES (@Id, @kind, @AccountId, @Email, @secret, @binding, @CodeHash, @State, @now, @ExpiresAt)
            """;
        return session.ExecuteAsync(insert, new
        {
            issued.Id,
            kind = NameOf(issued.Draft.Kind),
            issued.Draft.AccountId,
            issued.Draft.Email,
            secret = Digest(issued.Secret),
            binding = issued.Binding is null ? null : Digest(issued.Binding),
            issued.CodeHash,
            issued.Draft.State,
            now = clock.GetUtcNow(),
            issued.ExpiresAt,
        });
    }

    /// <summary>The open challenge that a secret answers.</summary>
    public Task<ChallengeRow?> FindAsync(DbSession session, ChallengeKind kind, string secret) => session.QuerySingleOrDefaultAsync<ChallengeRow>(
        $"SELECT {Columns} FROM identity.challenge WHERE secret_digest = @digest AND kind = @kind AND used_at IS NULL AND expires_at > @now",
        new { digest = Digest(secret), kind = NameOf(kind), now = clock.GetUtcNow() });

    /// <summary>The newest open challenge of an account.</summary>
    public Task<Guid?> NewestAsync(DbSession session, ChallengeKind kind, Guid accountId) => session.QuerySingleOrDefaultAsync<Guid?>(
        "SELECT id FROM identity.challenge WHERE account_id = @accountId AND kind = @kind AND used_at IS NULL AND expires_at > @now ORDER BY created_at DESC, id DESC LIMIT 1",
        new { accountId, kind = NameOf(kind), now = clock.GetUtcNow() });

    /// <summary>Takes one of the five guesses at an open challenge; null when there is no such challenge, or no guess left.</summary>
    public Task<ChallengeRow?> GuessAsync(ChallengeKind kind, Guid? id, CancellationToken cancellation) => database.AsWorkerAsync(session => session.QuerySingleOrDefaultAsync<ChallengeRow>(
        $"""
        UPDATE identity.challenge SET attempts = attempts + 1
        WHERE id = @id AND kind = @kind AND attempts < @Guesses AND used_at IS NULL AND expires_at > @now RETURNING {Columns}
        """,
        new { id = id ?? Guid.Empty, kind = NameOf(kind), Guesses, now = clock.GetUtcNow() }), cancellation);

    /// <summary>The same by the secret that was handed out with it.</summary>
    public Task<ChallengeRow?> GuessAsync(DbSession session, ChallengeKind kind, string secret) => session.QuerySingleOrDefaultAsync<ChallengeRow>(
        $"""
        UPDATE identity.challenge SET attempts = attempts + 1
        WHERE secret_digest = @digest AND kind = @kind AND attempts < @Guesses AND used_at IS NULL AND expires_at > @now RETURNING {Columns}
        """,
        new { digest = Digest(secret), kind = NameOf(kind), Guesses, now = clock.GetUtcNow() });

    /// <summary>The open challenge that a code answers. The work is the same whether there is one or not.</summary>
    public async Task<ChallengeRow?> GuessCodeAsync(ChallengeKind kind, Guid? id, string code, CancellationToken cancellation)
    {
        var row = await GuessAsync(kind, id, cancellation).ConfigureAwait(false);
        var digits = new string([.. code.Where(char.IsAsciiDigit)]);
        var matches = await LookAsync(row, () => hasher.VerifyAsync(row?.CodeHash, digits, cancellation)).ConfigureAwait(false);
        return matches ? row : null;
    }

    /// <summary>Looks at a guess that was taken. One that could not be looked at (no turn for its hash) was none.</summary>
    public async Task<T> LookAsync<T>(ChallengeRow? row, Func<Task<T>> look)
    {
        try
        {
            return await look().ConfigureAwait(false);
        }
        catch (FailureException)
        {
            await GiveBackAsync(row).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>There is one guess more again; none where none was taken.</summary>
    public Task<int> GiveBackAsync(ChallengeRow? row) => database.AsWorkerAsync(session => session.ExecuteAsync(
        "UPDATE identity.challenge SET attempts = attempts - 1 WHERE id = @id AND attempts > 0", new { id = row?.Id ?? Guid.Empty }), CancellationToken.None);

    /// <summary>False when somebody else has used it.</summary>
    public async Task<bool> UseAsync(DbSession session, Guid id) =>
        await session.ExecuteAsync("UPDATE identity.challenge SET used_at = @now WHERE id = @id AND used_at IS NULL", new { id, now = clock.GetUtcNow() }).ConfigureAwait(false) == 1;

    /// <summary>Nothing that was asked before is answered any more: the address, the password or a factor is another one now.</summary>
    public Task<int> VoidAsync(DbSession session, Guid accountId) =>
        session.ExecuteAsync("UPDATE identity.challenge SET used_at = @now WHERE account_id = @accountId AND used_at IS NULL", new { accountId, now = clock.GetUtcNow() });

    public static bool IsBoundTo(ChallengeRow row, string? binding) =>
        row.BindingDigest is null || (binding is not null && CryptographicOperations.FixedTimeEquals(row.BindingDigest, Digest(binding)));

    public static Guid? IdOf(string? text) => TypeId.TryParse(text ?? "", IssuedChallenge.Prefix, out var id) ? id : null;

    private static string NewSecret() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    private static byte[] Digest(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    private static string NameOf(ChallengeKind kind) => JsonNamingPolicy.SnakeCaseLower.ConvertName(kind.ToString());
}
