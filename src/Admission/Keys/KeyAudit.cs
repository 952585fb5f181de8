using Tollgate.Foundation;
using Tollgate.Identity;

namespace Tollgate.Admission.Keys;

/// <summary>What the audit log keeps of a key: how it is called, what it shows and what it is for, never what opens.</summary>
internal static class KeyAudit
{
    public static AuditChange Created(KeyRow key) => Of("key.created", key, null, Facts(key));

    public static AuditChange Edited(KeyRow before, KeyRow after) => Of("key.edited", after, Facts(before), Facts(after));

    public static AuditChange Revoked(KeyRow key) => Of("key.revoked", key, Facts(key), null);

    /// <summary>The old key; the one that follows it has its own entry.</summary>
    public static AuditChange Rotated(KeyRow key, DateTimeOffset? endsAt, Guid successor) =>
        Of("key.rotated", key, Facts(key), new { ExpiresAt = endsAt, ReplacedBy = TypeId.Format("key", successor) });

    public static AuditChange Leaked(KeyRow key, string? source, bool verified, bool revoked) => Of("key.leaked", key, Facts(key), new { source, verified, revoked });

    private static AuditChange Of(string action, KeyRow key, object? before, object? after) => new(action, TypeId.Format("key", key.Id), key.OrganizationId, before, after);

    private static object Facts(KeyRow key) => new
    {
        subscription_id = TypeId.Format("sub", key.SubscriptionId),
        key.Name,
        key.Prefix,
        key.ExpiresAt,
        Scopes = key.Operations?.Select(id => TypeId.Format("ep", id)),
        key.AllowedAddresses,
    };
}
