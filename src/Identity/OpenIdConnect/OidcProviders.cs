using Microsoft.Extensions.Configuration;

namespace Tollgate.Identity.OpenIdConnect;

/// <summary>An outside provider that the operator trusts to say who somebody is.</summary>
/// <param name="Id">In addresses: lower-case letters, digits and hyphens.</param>
/// <param name="Issuer">As its tokens name it, to the letter.</param>
internal sealed record OidcProvider(string Id, string Name, string Issuer, string ClientId, string ClientSecret)
{
    /// <summary>OpenID Connect Discovery 1.0, 4.1.</summary>
    public Uri Discovery => new($"{Issuer.TrimEnd('/')}/.well-known/openid-configuration");

    /// <summary>Secrets and codes go there: with TLS, but for a provider on this very machine.</summary>
    public static bool IsSafe(Uri address) => address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback);
}

/// <summary>
/// Settings: Identity__Providers__ID__Issuer, __ClientId, __ClientSecret and, as people read it, __Name. A wrong one stops the start.
/// </summary>
internal sealed class OidcProviders
{
    public OidcProviders(IConfiguration configuration)
    {
        All = [.. configuration.GetSection("Identity:Providers").GetChildren().Select(Read).OrderBy(provider => provider.Name, StringComparer.Ordinal)];
        PublicUrl = configuration["Portal:PublicUrl"] is { Length: > 0 } text && Uri.TryCreate(text, UriKind.Absolute, out var url) ? url : null;
    }

    public IReadOnlyList<OidcProvider> All { get; }

    /// <summary>Where browsers find the portal; null where that is this machine only.</summary>
    public Uri? PublicUrl { get; }

    public OidcProvider? Find(string id) => All.FirstOrDefault(provider => string.Equals(provider.Id, id, StringComparison.Ordinal));

    private static OidcProvider Read(IConfigurationSection section)
    {
        var id = section.Key.ToLowerInvariant();
        if (id.Length > 40 || id.Any(c => !char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c != '-'))
            throw new InvalidOperationException($"Identity__Providers__{section.Key}: a provider is named by at most 40 letters, digits and hyphens.");
        var issuer = Need(section, "Issuer");
        if (!Uri.TryCreate(issuer, UriKind.Absolute, out var address) || !OidcProvider.IsSafe(address) || address.Query.Length > 0 || address.Fragment.Length > 0)
            throw new InvalidOperationException($"Identity__Providers__{section.Key}__Issuer must be an https address without query.");
        return new OidcProvider(id, section["Name"] is { Length: > 0 } name ? name : section.Key, issuer, Need(section, "ClientId"), Need(section, "ClientSecret"));
    }

    private static string Need(IConfigurationSection section, string name) => section[name] is { Length: > 0 } value
        ? value
        : throw new InvalidOperationException($"Identity__Providers__{section.Key}__{name} is not set.");
}
