using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Configuration;
using Tollgate.Foundation;

namespace Tollgate.Identity.Passkeys;

/// <summary>
/// Whose passkeys they are: the portal's host. A passkey is a whole sign-in, so it must know its person (user verification), and it is found without a name being
/// typed. A page of another origin cannot use it.
/// </summary>
internal static class PasskeySettings
{
    public static void Apply(IdentityPasskeyOptions options, IConfiguration configuration)
    {
        var portal = Uri.TryCreate(configuration["Portal:PublicUrl"], UriKind.Absolute, out var url) ? url : null;
        options.ServerDomain = portal?.Host;
        options.UserVerificationRequirement = "required";
        options.ResidentKeyRequirement = "required";
        options.AttestationConveyancePreference = "none";
        options.AuthenticatorTimeout = TimeSpan.FromMinutes(5);
        options.ValidateOrigin = context => ValueTask.FromResult(!context.CrossOrigin && context.TopOrigin is null && IsOurs(context.Origin, portal, context.HttpContext));
    }

    private static bool IsOurs(string text, Uri? portal, HttpContext context)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var origin))
            return false;
        if (portal is not null)
            return Uri.Compare(origin, portal, UriComponents.SchemeAndServer, UriFormat.UriEscaped, StringComparison.OrdinalIgnoreCase) == 0;
        // Nothing is said about the portal's address: it is the one that the browser called. Browsers make passkeys for https and for this machine only.
        var host = context.Request.Host;
        return string.Equals(origin.Host, host.Host, StringComparison.OrdinalIgnoreCase) && origin.Port == (host.Port ?? (context.Request.IsHttps ? 443 : 80));
    }
}
