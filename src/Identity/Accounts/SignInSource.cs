using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Foundation;
using Tollgate.Identity.Access;
using Tollgate.Identity.Attempts;
using Tollgate.Identity.Sessions;

namespace Tollgate.Identity.Accounts;

/// <summary>
/// Who asks before anybody is known: the device, where it is, and the secret of the browser, by which it is known again. Bind it as a parameter of an endpoint.
/// </summary>
internal sealed record SignInSource(Device Device, AttemptOrigin Origin, AuditActor Actor, string? BrowserSecret)
{
    private const string Cookie = "tg_device";

    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(365);

    /// <param name="context">Of the request.</param>
    /// <param name="browser">It is one, though it cannot say so: a provider sent it.</param>
    public static SignInSource Of(HttpContext context, bool browser = false)
    {
        var agent = new string([.. context.Request.Headers.UserAgent.ToString().Where(c => !char.IsControl(c)).Take(300)]);
        var address = context.RequestServices.GetRequiredService<ClientAddress>().Of(context);
        // A browser that signs in for the first time gets its secret now; it counts once somebody has signed in with it.
        var sent = SessionCookies.Read(context, Cookie) is { Length: 43 } cookie ? cookie : null;
        var secret = sent ?? (browser || SessionCookies.Wanted(context) ? Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32)) : null);
        return new SignInSource(new Device(DeviceName.Of(agent), agent, address), new AttemptOrigin(secret is null ? null : DigestOf(secret), address), AuditActor.Of(context), secret);
    }

    public static ValueTask<SignInSource?> BindAsync(HttpContext context) => ValueTask.FromResult<SignInSource?>(Of(context));

    /// <summary>The browser keeps its secret, for a year from now.</summary>
    public void Remember(HttpContext context, bool browser = false)
    {
        if (BrowserSecret is not null && (browser || SessionCookies.Wanted(context)))
            SessionCookies.Append(context, Cookie, BrowserSecret, "/auth", Lifetime);
    }

    private static byte[] DigestOf(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));
}
