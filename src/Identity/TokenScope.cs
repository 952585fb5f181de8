using System.Collections.Frozen;

namespace Tollgate.Identity;

/// <summary>What an API token is made for. Writing includes reading of the same area; a token never does what the role of its account does not allow.</summary>
public enum TokenScope
{
    ReadApis,
    WriteApis,
    ReadSubscriptions,
    WriteSubscriptions,
    ReadUsage,
    WriteUsage,
    ReadBilling,
    WriteBilling,
    ReadOrganization,
    WriteOrganization,
    ReadAuditLog,
}

/// <summary>Scopes as they are written outside: <c>apis:read</c>.</summary>
public static class TokenScopes
{
    private static readonly FrozenDictionary<TokenScope, string> Texts = new Dictionary<TokenScope, string>
    {
        [TokenScope.ReadApis] = "apis:read",
        [TokenScope.WriteApis] = "apis:write",
        [TokenScope.ReadSubscriptions] = "subscriptions:read",
        [TokenScope.WriteSubscriptions] = "subscriptions:write",
        [TokenScope.ReadUsage] = "usage:read",
        [TokenScope.WriteUsage] = "usage:write",
        [TokenScope.ReadBilling] = "billing:read",
        [TokenScope.WriteBilling] = "billing:write",
        [TokenScope.ReadOrganization] = "organization:read",
        [TokenScope.WriteOrganization] = "organization:write",
        [TokenScope.ReadAuditLog] = "audit:read",
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<string, TokenScope> Known = Texts.ToFrozenDictionary(pair => pair.Value, pair => pair.Key, StringComparer.Ordinal);

    public static IReadOnlyCollection<string> All { get; } = [.. Texts.OrderBy(pair => pair.Key).Select(pair => pair.Value)];

    public static string Text(TokenScope scope) => Texts[scope];

    public static TokenScope? Parse(string? text) => text is not null && Known.TryGetValue(text, out var scope) ? scope : null;

    /// <summary>Writing includes reading.</summary>
    public static bool Include(IReadOnlyCollection<TokenScope> granted, TokenScope wanted)
    {
        ArgumentNullException.ThrowIfNull(granted);
        return granted.Contains(wanted) || (Writing(wanted) is { } writing && granted.Contains(writing));
    }

    /// <summary>What a permission needs, where that is one scope only; what is seen depends on the endpoint.</summary>
    internal static TokenScope? Of(Permission permission) => permission switch
    {
        Permission.ReadRequestLog => TokenScope.ReadUsage,
        Permission.ReportUsage => TokenScope.WriteUsage,
        Permission.ManageApis => TokenScope.WriteApis,
        Permission.ManageSubscriptions => TokenScope.WriteSubscriptions,
        Permission.ManageBilling => TokenScope.WriteBilling,
        Permission.ManageMembers or Permission.ManageOrganization => TokenScope.WriteOrganization,
        Permission.ReadAuditLog => TokenScope.ReadAuditLog,
        _ => null,
    };

    private static TokenScope? Writing(TokenScope reading) => reading switch
    {
        TokenScope.ReadApis => TokenScope.WriteApis,
        TokenScope.ReadSubscriptions => TokenScope.WriteSubscriptions,
        TokenScope.ReadUsage => TokenScope.WriteUsage,
        TokenScope.ReadBilling => TokenScope.WriteBilling,
        TokenScope.ReadOrganization => TokenScope.WriteOrganization,
        _ => null,
    };
}
