using System.Collections.Concurrent;
using Tollgate.Identity.Tokens;

namespace Tollgate.Identity.OpenIdConnect;

/// <summary>
/// What providers publish, kept for an hour. Keys that a token asks for and that are not there are looked for again, at most once a minute. However many ask at once, a
/// provider is asked once; and when it does not answer as it should, nobody asks for ten seconds: who may call us without being known must not make us a flood for others.
/// </summary>
internal sealed class OidcDirectory(OidcHttp http, TimeProvider clock)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);
    private static readonly TimeSpan Between = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, Entry> _known = new(StringComparer.Ordinal);

    public async Task<OidcMetadata?> MetadataAsync(OidcProvider provider, CancellationToken cancellation) =>
        (await PublishedAsync(provider, Lifetime, cancellation).ConfigureAwait(false))?.Metadata;

    /// <summary>The payload when one of the provider's keys signed the token.</summary>
    public async Task<byte[]?> VerifyAsync(OidcProvider provider, string token, CancellationToken cancellation)
    {
        if (await PublishedAsync(provider, Lifetime, cancellation).ConfigureAwait(false) is not { } known)
            return null;
        if (Jws.Verify(token, JwsKind.IdToken, known.Keys) is { } payload)
            return payload;
        var fresh = await PublishedAsync(provider, Between, cancellation).ConfigureAwait(false);
        return fresh is null || ReferenceEquals(fresh, known) ? null : Jws.Verify(token, JwsKind.IdToken, fresh.Keys);
    }

    private Task<Published?> PublishedAsync(OidcProvider provider, TimeSpan oldest, CancellationToken cancellation)
    {
        var entry = _known.GetOrAdd(provider.Id, static _ => new Entry());
        Task<Published?> reading;
        lock (entry)
        {
            if (entry.Published is { } known && clock.GetUtcNow() - known.ReadAt < oldest)
                return Task.FromResult<Published?>(known);
            if (entry.Reading is null && entry.FailedAt is { } failed && clock.GetUtcNow() - failed < AfterFailure)
                return Task.FromResult<Published?>(null);
            // Nobody's own: whoever gives up leaves the others what they wait for. The calls have their own time limits.
            reading = entry.Reading ??= ReadIntoAsync(entry, provider);
        }
        return reading.WaitAsync(cancellation);
    }

    private async Task<Published?> ReadIntoAsync(Entry entry, OidcProvider provider)
    {
        await Task.Yield();
        Published? read = null;
        try
        {
            return read = await ReadAsync(provider).ConfigureAwait(false);
        }
        finally
        {
            lock (entry)
            {
                entry.Reading = null;
                // One that is replaced may be in use: the collector frees its keys.
                (entry.Published, entry.FailedAt) = (read ?? entry.Published, read is null ? clock.GetUtcNow() : null);
            }
        }
    }

    private async Task<Published?> ReadAsync(OidcProvider provider) =>
        await http.GetAsync(provider.Discovery, CancellationToken.None).ConfigureAwait(false) is { } document && OidcMetadata.Read(document, provider) is { } metadata
        && await http.GetAsync(metadata.Keys, CancellationToken.None).ConfigureAwait(false) is { } published && JsonWebKeys.Read(published) is { Count: > 0 } keys
            ? new Published(metadata, keys, clock.GetUtcNow())
            : null;

    private sealed record Published(OidcMetadata Metadata, JwsKeySet Keys, DateTimeOffset ReadAt);

    private sealed class Entry
    {
        public Published? Published { get; set; }

        public Task<Published?>? Reading { get; set; }

        public DateTimeOffset? FailedAt { get; set; }
    }
}
