using System.Net;
using Tollgate.Foundation;
using Tollgate.Plans;

namespace Tollgate.Admission.Keys;

/// <summary>An endpoint that a key is for. Method and path are null where the API has it no more; the key then opens nothing there.</summary>
internal sealed record KeyScopeResponse(string Id, string? Method, string? Path, string? OperationId);

internal sealed record SubscriptionEndpointResponse(string Id, string Method, string Path, string? OperationId, string? Summary);

internal sealed record SubscriptionEndpointsResponse(IReadOnlyList<SubscriptionEndpointResponse> Data);

/// <summary>The endpoints that a key of a subscription can be for, by their ids outside and inside.</summary>
internal sealed class KeyScopes(IDatabase database, IEnumerable<IProductOperations> owners)
{
    public Task<IReadOnlyList<ProductOperation>> OfAsync(Product product, CancellationToken cancellation) =>
        owners.FirstOrDefault(owner => owner.Kind == product.Kind) is { } owner
            ? database.AsWorkerAsync(session => owner.OfAsync(session, product.Id), cancellation)
            : Task.FromResult<IReadOnlyList<ProductOperation>>([]);

    /// <summary>The ids of what was asked for by id (<c>ep_…</c>) or operation id; null for a key that is for all.</summary>
    public async Task<Outcome<Guid[]?>> ResolveAsync(Product product, IReadOnlyList<string?>? scopes, CancellationToken cancellation)
    {
        if (scopes is not { Count: > 0 })
            return (Guid[]?)null;
        var known = await OfAsync(product, cancellation).ConfigureAwait(false);
        var errors = new Errors();
        var ids = new List<Guid>();
        for (var i = 0; i < scopes.Count; i++)
            if (Find(known, scopes[i]!) is { } operation)
                ids.Add(operation.Id);
            else
                errors.Add($"scopes[{i}]", "NOT_IN_API", "The API has no endpoint of this id.");
        return errors.Any ? errors.ToFailure() : ids.Distinct().Order().ToArray();
    }

    public static IReadOnlyList<KeyScopeResponse> Show(Guid[]? operations, IReadOnlyList<ProductOperation> known) => [.. (operations ?? []).Select(id =>
    {
        var operation = known.FirstOrDefault(one => one.Id == id);
        return new KeyScopeResponse(TypeId.Format("ep", id), operation?.Method, operation?.Path, operation?.OperationId);
    })];

    private static ProductOperation? Find(IReadOnlyList<ProductOperation> known, string scope) =>
        TypeId.TryParse(scope, "ep", out var id) ? known.FirstOrDefault(one => one.Id == id) : known.FirstOrDefault(one => one.OperationId == scope);
}

/// <summary>Addresses that a key is for, as they are sent: CIDR ranges, or single addresses.</summary>
internal static class AllowedAddresses
{
    public const int Most = 50;

    public static void Validate(Errors errors, IReadOnlyList<string?>? addresses)
    {
        errors.Check(addresses is not { Count: > Most }, "allowed_addresses", "TOO_MANY", $"At most {Most}.");
        for (var i = 0; i < Math.Min(addresses?.Count ?? 0, Most); i++)
            errors.Check(Parse(addresses![i]) is not null, $"allowed_addresses[{i}]", "ADDRESS_INVALID", "An address or a CIDR range, such as 192.0.2.0/24 or 2001:db8::/32.");
    }

    /// <summary>Null for a key that may be used from everywhere.</summary>
    public static string[]? Of(IReadOnlyList<string?>? addresses) => addresses is { Count: > 0 } ? [.. addresses.Select(address => Parse(address)!).Distinct(StringComparer.Ordinal)] : null;

    private static string? Parse(string? text)
    {
        if (text is null or { Length: > 60 } || text.Contains('%', StringComparison.Ordinal))
            return null;
        if (IPAddress.TryParse(text.Trim(), out var address) && IsWhole(text.Trim(), address))
            return address.IsIPv4MappedToIPv6 ? $"{address.MapToIPv4()}/32" : $"{address}/{(address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? 32 : 128)}";
        return IPNetwork.TryParse(text.Trim(), out var network) && !network.BaseAddress.IsIPv4MappedToIPv6 ? network.ToString() : null;
    }

    // "10" and "10.1" are addresses too, of a kind that nobody means.
    private static bool IsWhole(string text, IPAddress address) => address.AddressFamily != System.Net.Sockets.AddressFamily.InterNetwork || text.Count(c => c == '.') == 3;
}
