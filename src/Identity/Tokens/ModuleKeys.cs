using System.Security.Cryptography;
using Tollgate.Foundation;

namespace Tollgate.Identity.Tokens;

/// <summary>
/// The module's own keys, made once for the whole cluster, sealed in the database and held in memory. Access tokens have several: the newest whose time has come
/// signs, all verify. They are read again each minute, far more often than they change.
/// </summary>
internal sealed class ModuleKeys(IDatabase database, ISecretBox secrets, TimeProvider clock) : IDisposable
{
    public const string AccessTokenPurpose = "access_token";

    private static readonly TimeSpan FreshFor = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim _loading = new(1);
    private Loaded? _loaded;

    public async ValueTask<Loaded> GetAsync(CancellationToken cancellation)
    {
        if (Volatile.Read(ref _loaded) is { } ready && IsFresh(ready))
            return ready;
        await _loading.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (_loaded is { } meanwhile && IsFresh(meanwhile))
                return meanwhile;
            // What is replaced may be in use by another request: its handles go with the last of them.
            var loaded = await LoadAsync(cancellation).ConfigureAwait(false);
            Volatile.Write(ref _loaded, loaded);
            return loaded;
        }
        finally
        {
            _loading.Release();
        }
    }

    /// <summary>A new signing key that signs from then on; until then every node reads it, and whoever verifies tokens by the published keys does.</summary>
    public async Task<string> AddSigningKeyAsync(DbSession session, DateTimeOffset signsFrom) =>
        TypeId.Format("kid", await InsertAsync(session, AccessTokenPurpose, NewSigningKey(), signsFrom).ConfigureAwait(false));

    public void Dispose()
    {
        _loaded?.Verifying.Dispose();
        _loading.Dispose();
    }

    private bool IsFresh(Loaded loaded) => clock.GetUtcNow() - loaded.At is var age && age < FreshFor && age > -FreshFor;

    private async Task<Loaded> LoadAsync(CancellationToken cancellation)
    {
        var rows = await database.AsWorkerAsync(EnsureAllAsync, cancellation).ConfigureAwait(false);
        var signing = rows.Where(row => row.Purpose == AccessTokenPurpose).OrderBy(row => row.SignsFrom).ThenBy(row => row.Id).Select(row =>
        {
            var key = ECDsa.Create();
            key.ImportPkcs8PrivateKey(Open(row), out _);
            return new SigningKey(TypeId.Format("kid", row.Id), key, row.SignsFrom);
        }).ToList();
        return new Loaded(signing, Open(rows.Single(row => row.Purpose == "refresh_token")), Open(rows.Single(row => row.Purpose == "csrf")), clock.GetUtcNow());
    }

    // Two nodes may make keys at once; those that are stored first are everybody's.
    private async Task<IReadOnlyList<Row>> EnsureAllAsync(DbSession session)
    {
        const string select = "SELECT id, purpose, sealed, signs_from FROM identity.module_key WHERE purpose IN ('access_token', 'refresh_token', 'csrf')";
        var found = await session.QueryAsync<Row>(select).ConfigureAwait(false);
        if (found.Select(row => row.Purpose).Distinct(StringComparer.Ordinal).Count() == 3)
            return found;
        await session.ExecuteAsync("SELECT pg_advisory_xact_lock(hashtextextended('identity.module_key', 0))").ConfigureAwait(false);
        found = await session.QueryAsync<Row>(select).ConfigureAwait(false);
        foreach (var (purpose, make) in new (string, Func<byte[]>)[] { (AccessTokenPurpose, NewSigningKey), ("refresh_token", NewSecret), ("csrf", NewSecret) })
            if (!found.Any(row => row.Purpose == purpose))
                await InsertAsync(session, purpose, make(), clock.GetUtcNow()).ConfigureAwait(false);
        return await session.QueryAsync<Row>(select).ConfigureAwait(false);
    }

    private Task<Guid> InsertAsync(DbSession session, string purpose, byte[] key, DateTimeOffset signsFrom) => session.QuerySingleAsync<Guid>(
        "INSERT INTO identity.module_key (id, purpose, sealed, created_at, signs_from) VALUES (@id, @purpose, @value, @now, @signsFrom) RETURNING id",
        new { id = TypeId.New(clock), purpose, value = secrets.Seal($"identity.{purpose}", key), now = clock.GetUtcNow(), signsFrom });

    private byte[] Open(Row row) => secrets.Open($"identity.{row.Purpose}", row.Sealed);

    private static byte[] NewSecret() => RandomNumberGenerator.GetBytes(32);

    private static byte[] NewSigningKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return key.ExportPkcs8PrivateKey();
    }

    internal sealed record SigningKey(string Id, ECDsa Key, DateTimeOffset SignsFrom);

    /// <param name="Signing">Oldest first.</param>
    internal sealed record Loaded(IReadOnlyList<SigningKey> Signing, byte[] Refresh, byte[] Csrf, DateTimeOffset At)
    {
        public JwsKeySet Verifying { get; } = new([.. Signing.Select(key => new JwsKey(key.Id, key.Key))]);

        /// <summary>The newest whose time has come; the first one of all if a clock runs behind.</summary>
        public SigningKey SignsAt(DateTimeOffset now) => Signing.LastOrDefault(key => key.SignsFrom <= now) ?? Signing[0];
    }

    private sealed class Row
    {
        public Guid Id { get; init; }

        public string Purpose { get; init; } = "";

        public byte[] Sealed { get; init; } = [];

        public DateTimeOffset SignsFrom { get; init; }
    }
}
