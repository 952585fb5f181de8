using System.Collections.Concurrent;
using Tollgate.Identity.Tokens;

namespace Tollgate.Identity.OpenIdConnect;

/// <summary>What providers publish, kept for an hour. Keys that a token asks for and that are not there are looked for again, at most once a minute.</summary>
internal sealed class OidcDirectory(OidcHttp http, TimeProvider clock)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);
    private static readonly TimeSpan Between = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, Entry> _known = new(StringComparer.Ordinal);

    public async Task<OidcMetadata?> MetadataAsync(OidcProvider provider, CancellationToken cancellation) =>
        (await EntryAsync(provider, Lifetime, cancellation).ConfigureAwait(false))?.Metadata;

    /// <summary>The payload when one of the provider's keys signed the token.</summary>
    public async Task<byte[]?> VerifyAsync(OidcProvider provider, string token, CancellationToken cancellation)
    {
        if (await EntryAsync(provider, Lifetime, cancellation).ConfigureAwait(false) is not { } known)
            return null;
        if (Jws.Verify(token, JwsKind.IdToken, known.Keys) is { } payload)
            return payload;
        var fresh = await EntryAsync(provider, Between, cancellation).ConfigureAwait(false);
        return fresh is null || ReferenceEquals(fresh, known) ? null : Jws.Verify(token, JwsKind.IdToken, fresh.Keys);
    }

    private async Task<Entry?> EntryAsync(OidcProvider provider, TimeSpan oldest, CancellationToken cancellation)
    {
        var now = clock.GetUtcNow();
        if (_known.TryGetValue(provider.Id, out var known) && now - known.ReadAt < oldest)
            return known;
        if (await http.GetAsync(provider.Discovery, cancellation).ConfigureAwait(false) is not { } document || OidcMetadata.Read(document, provider) is not { } metadata
            || await http.GetAsync(metadata.Keys, cancellation).ConfigureAwait(false) is not { } published || JsonWebKeys.Read(published) is not { Count: > 0 } keys)
            return null;
        // One that is replaced may be in use: the collector frees its keys.
        return _known[provider.Id] = new Entry(metadata, keys, now);
    }

    private sealed record Entry(OidcMetadata Metadata, JwsKeySet Keys, DateTimeOffset ReadAt);
}
