namespace Tollgate.Identity.Tokens;

/// <summary>The keys of one issuer. A key is found by what the token says of it, and only if that leaves no choice.</summary>
internal sealed class JwsKeySet(IReadOnlyList<JwsKey> keys) : IDisposable
{
    public int Count => keys.Count;

    public JwsKey? Find(string? keyId, string algorithm)
    {
        JwsKey? found = null;
        foreach (var key in keys)
        {
            if (!string.Equals(key.Algorithm, algorithm, StringComparison.Ordinal) || (keyId is not null && !string.Equals(key.Id, keyId, StringComparison.Ordinal)))
                continue;
            if (found is not null)
                return null;
            found = key;
        }
        return found;
    }

    public void Dispose()
    {
        foreach (var key in keys)
            key.Dispose();
    }
}
