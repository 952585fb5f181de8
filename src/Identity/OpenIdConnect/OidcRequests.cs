using Microsoft.AspNetCore.Http;
using Tollgate.Foundation;

namespace Tollgate.Identity.OpenIdConnect;

internal sealed class OidcBeginRequest : IRequest
{
    /// <summary>A path of the portal to go on at.</summary>
    public string? Next { get; init; }

    public void Validate(Errors errors)
    {
        errors.Text("next", Next, 0, 500);
        // It becomes a header of the answer, which takes ASCII only. And a browser takes two slashes, or a slash and a backslash, for another host.
        errors.Check(Next is null || (Next.StartsWith('/') && !Next.AsSpan(1).StartsWith("/") && Next.All(c => c is > ' ' and <= '~' and not '\\')),
            "next", "INVALID", "A path of this portal is needed.");
    }
}

/// <summary>What the provider sends the browser back with (RFC 6749, 4.1.2; RFC 9207). What is too long or there twice is absent.</summary>
internal sealed record OidcAnswer(string? State, string? Code, string? Issuer)
{
    public static OidcAnswer Of(IQueryCollection query) => new(One(query, "state"), One(query, "code"), One(query, "iss"));

    private static string? One(IQueryCollection query, string name) => query[name] is [{ Length: > 0 and <= 4096 } value] ? value : null;
}

internal sealed record ProviderResponse(string Id, string Name);

internal sealed record ProvidersResponse(IReadOnlyList<ProviderResponse> Data);

/// <summary>Where the browser goes.</summary>
internal sealed record OidcAddressResponse(string Url);

internal sealed record OutsideIdentityResponse(string Id, string Provider, string Name, string? Email, DateTimeOffset CreatedAt, DateTimeOffset LastUsedAt);

internal sealed record OutsideIdentitiesResponse(IReadOnlyList<OutsideIdentityResponse> Data);
