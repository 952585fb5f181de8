using Tollgate.Foundation;

namespace Tollgate.Admission.Keys;

/// <param name="Scopes">Endpoints of the API that the key is for, by id (`ep_…`) or operation id; none for all.</param>
/// <param name="AllowedAddresses">Addresses or CIDR ranges that it may be used from; none for everywhere.</param>
internal sealed record CreateKeyRequest(string? Name, DateTimeOffset? ExpiresAt, IReadOnlyList<string?>? Scopes, IReadOnlyList<string?>? AllowedAddresses) : IRequest
{
    public void Validate(Errors errors)
    {
        errors.Text("name", Name, 0, 100);
        KeyRules.Validate(errors, Scopes, AllowedAddresses);
    }
}

/// <summary>All that can be changed of a key, as it is to be: what is absent is gone.</summary>
internal sealed record EditKeyRequest(string? Name, DateTimeOffset? ExpiresAt, IReadOnlyList<string?>? Scopes, IReadOnlyList<string?>? AllowedAddresses) : IRequest
{
    public void Validate(Errors errors)
    {
        errors.Text("name", Name, 1, 100);
        KeyRules.Validate(errors, Scopes, AllowedAddresses);
    }
}

/// <param name="GraceSeconds">How long the old key still works; a day where nothing is said, 0 for not at all.</param>
internal sealed record RotateKeyRequest(int? GraceSeconds) : IRequest
{
    public const int LongestGrace = 30 * 24 * 3600;

    public void Validate(Errors errors) => errors.Check(GraceSeconds is null or (>= 0 and <= LongestGrace), "grace_seconds", "OUT_OF_RANGE", $"Between 0 and {LongestGrace}.");
}

internal static class KeyRules
{
    private const int MostScopes = 200;

    public static Failure InThePast { get; } = Failure.Invalid("expires_at", "IN_THE_PAST", "A key must expire in the future.");

    public static void Validate(Errors errors, IReadOnlyList<string?>? scopes, IReadOnlyList<string?>? addresses)
    {
        errors.Check(scopes is not { Count: > MostScopes }, "scopes", "TOO_MANY", $"At most {MostScopes}.");
        for (var i = 0; i < Math.Min(scopes?.Count ?? 0, MostScopes); i++)
            errors.Text($"scopes[{i}]", scopes![i], 1, 200);
        Keys.AllowedAddresses.Validate(errors, addresses);
    }
}

internal sealed record KeyResponse(
    string Id, string Name, string Prefix, IReadOnlyList<KeyScopeResponse> Scopes, IReadOnlyList<string> AllowedAddresses, DateTimeOffset CreatedAt, DateTimeOffset? RevokedAt,
    DateTimeOffset? ExpiresAt, DateTimeOffset? LastUsedAt, string? Replaces, DateTimeOffset? LeakedAt, string? LeakSource)
{
    public static KeyResponse From(KeyRow key, IReadOnlyList<ProductOperation> known) => new(
        TypeId.Format("key", key.Id), key.Name, key.Prefix, KeyScopes.Show(key.Operations, known), key.AllowedAddresses ?? [], key.CreatedAt, key.RevokedAt, key.ExpiresAt, key.LastUsedAt,
        key.Replaces is { } old ? TypeId.Format("key", old) : null, key.LeakedAt, key.LeakSource);
}

/// <summary>The one answer with the whole key in it.</summary>
internal sealed record CreatedKeyResponse(
    string Id, string Name, string Prefix, IReadOnlyList<KeyScopeResponse> Scopes, IReadOnlyList<string> AllowedAddresses, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt,
    string? Replaces, string Secret)
{
    public static CreatedKeyResponse From(KeyRow key, string secret, IReadOnlyList<ProductOperation> known) => new(
        TypeId.Format("key", key.Id), key.Name, key.Prefix, KeyScopes.Show(key.Operations, known), key.AllowedAddresses ?? [], key.CreatedAt, key.ExpiresAt,
        key.Replaces is { } old ? TypeId.Format("key", old) : null, secret);
}

internal sealed record KeysResponse(IReadOnlyList<KeyResponse> Data);
