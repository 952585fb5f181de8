using System.Security.Cryptography;
using Tollgate.Foundation;

namespace Tollgate.Identity.Tokens;

/// <summary>The module's own keys, made once for the whole cluster, sealed in the database and held in memory after the first use.</summary>
internal sealed class ModuleKeys(IDatabase database, ISecretBox secrets, TimeProvider clock) : IDisposable
{
    private readonly SemaphoreSlim _loading = new(1);
    private Loaded? _loaded;

    public async ValueTask<Loaded> GetAsync(CancellationToken cancellation)
    {
        if (Volatile.Read(ref _loaded) is { } ready)
            return ready;
        await _loading.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            return _loaded ??= await LoadAsync(cancellation).ConfigureAwait(false);
        }
        finally
        {
            _loading.Release();
        }
    }

    public void Dispose()
    {
        _loaded?.Verifying.Dispose();
        _loading.Dispose();
    }

    private async Task<Loaded> LoadAsync(CancellationToken cancellation)
    {
        var signing = await EnsureAsync("access_token", NewSigningKey, cancellation).ConfigureAwait(false);
        var refresh = await EnsureAsync("refresh_token", () => RandomNumberGenerator.GetBytes(32), cancellation).ConfigureAwait(false);
        var csrf = await EnsureAsync("csrf", () => RandomNumberGenerator.GetBytes(32), cancellation).ConfigureAwait(false);
        var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(signing.Key, out _);
        return new Loaded(key, TypeId.Format("kid", signing.Id), refresh.Key, csrf.Key);
    }

    // Two nodes may make a key at once; the one that is stored first is everybody's.
    private async Task<(Guid Id, byte[] Key)> EnsureAsync(string purpose, Func<byte[]> make, CancellationToken cancellation)
    {
        const string insert = "INSERT INTO identity.module_key (id, purpose, sealed) VALUES (@id, @purpose, @value) ON CONFLICT (purpose) DO NOTHING";
        const string select = "SELECT id, sealed FROM identity.module_key WHERE purpose = @purpose";
        var row = await database.AsWorkerAsync(async session =>
        {
            var found = await session.QuerySingleOrDefaultAsync<Row>(select, new { purpose });
            if (found is not null)
                return found;
            await session.ExecuteAsync(insert, new { id = TypeId.New(clock), purpose, value = secrets.Seal($"identity.{purpose}", make()) });
            return await session.QuerySingleAsync<Row>(select, new { purpose });
        }, cancellation).ConfigureAwait(false);
        return (row.Id, secrets.Open($"identity.{purpose}", row.Sealed));
    }

    private static byte[] NewSigningKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return key.ExportPkcs8PrivateKey();
    }

    internal sealed record Loaded(ECDsa Signing, string SigningKeyId, byte[] Refresh, byte[] Csrf)
    {
        public JwsKeySet Verifying { get; } = new([new JwsKey(SigningKeyId, Signing)]);
    }

    private sealed class Row
    {
        public Guid Id { get; init; }

        public byte[] Sealed { get; init; } = [];
    }
}
