using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Tollgate.Admission.Table;
using Tollgate.Foundation;

namespace Tollgate.Admission.Keys;

/// <summary>A key that calls the control API itself: the same answers as on the gateway, from the database.</summary>
internal static class PresentedKey
{
    private static readonly Failure Missing = new(FailureKind.Unauthenticated, "KEY_MISSING", "Send your key as x-api-key or as Authorization: Bearer.");
    private static readonly Failure Malformed = new(FailureKind.Unauthenticated, "KEY_MALFORMED", "This is not a Tollgate key: it must be copied whole, from tg_ to its last character.");
    private static readonly Failure Unknown = new(FailureKind.Unauthenticated, "KEY_UNKNOWN", "This key is not known.");
    private static readonly Failure Revoked = new(FailureKind.Unauthenticated, "KEY_REVOKED", "This key was revoked. Create a new one for the subscription.");
    private static readonly Failure Expired = new(FailureKind.Unauthenticated, "KEY_EXPIRED", "This key has expired. Create a new one for the subscription.");
    private static readonly Failure NotFromHere = new(FailureKind.Forbidden, "ADDRESS_NOT_ALLOWED", "This key is for other addresses than the one that the call came from.");

    /// <summary>The secret in a request, empty for none.</summary>
    public static string Of(HttpRequest request)
    {
        var own = request.Headers["x-api-key"].ToString().Trim();
        var authorization = request.Headers.Authorization.ToString();
        return own.Length == 0 && authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? authorization[7..].Trim() : own;
    }

    public static bool IsWellFormed(string secret) => secret.Length == KeyFormat.Length && Ascii.IsValid(secret) && KeyFormat.IsWellFormed(Encoding.ASCII.GetBytes(secret));

    /// <summary>The key of a secret, as worker; or why it opens nothing.</summary>
    public static async Task<Outcome<KeyRow>> FindAsync(DbSession session, string secret, IPAddress? client, DateTimeOffset now)
    {
        if (secret.Length == 0)
            return Missing;
        if (!IsWellFormed(secret))
            return Malformed;
        if (await KeyStore.FindByDigestAsync(session, [KeyFormat.Digest(secret)]).ConfigureAwait(false) is not [var key])
            return Unknown;
        if (!key.IsLiveAt(now))
            return key.RevokedAt is null ? Expired : Revoked;
        return KeyRestriction.Of(null, key.AllowedAddresses)?.AllowsAddress(client) == false ? NotFromHere : key;
    }
}
