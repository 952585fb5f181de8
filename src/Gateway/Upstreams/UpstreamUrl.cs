using Tollgate.Foundation;

namespace Tollgate.Gateway.Upstreams;

/// <summary>What an upstream's address may look like; where it may point is the policy's question.</summary>
internal static class UpstreamUrl
{
    public const int MaximumLength = 2000;

    public static void Validate(Errors errors, string path, string? value)
    {
        errors.Text(path, value, 1, MaximumLength);
        if (string.IsNullOrWhiteSpace(value) || value.Length > MaximumLength)
            return;
        if (!Uri.TryCreate(value.Trim(), UriKind.Absolute, out var uri) || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps) || uri.Host.Length == 0)
        {
            errors.Add(path, "URL_INVALID", "An absolute address that begins with https:// or http:// is needed.");
            return;
        }
        errors.Check(uri.UserInfo.Length == 0, path, "URL_CREDENTIALS", "Credentials do not belong into the address; put them into an upstream header.");
        errors.Check(uri.Fragment.Length == 0 && uri.Query.Length == 0, path, "URL_QUERY", "The address has a path at most, no query and no fragment.");
    }
}
