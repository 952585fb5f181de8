using Microsoft.Extensions.Configuration;

namespace Tollgate.Gateway.Apis;

/// <summary>The address under which buyers call APIs: <c>Gateway__PublicUrl</c>, then organization and API.</summary>
internal sealed class GatewayAddress(IConfiguration configuration)
{
    private readonly string _root = (configuration["Gateway:PublicUrl"] is { Length: > 0 } url ? url : "http://localhost:8000").TrimEnd('/');

    public string Of(string organizationSlug, string apiSlug) => $"{_root}/{organizationSlug}/{apiSlug}";
}
