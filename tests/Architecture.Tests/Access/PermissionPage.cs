using Microsoft.AspNetCore.Routing;
using Tollgate.Identity;

namespace Tollgate.Architecture.Tests.Access;

/// <summary>docs/security/permissions.md as the program states it: role × permission, then each endpoint with who may call it.</summary>
internal static class PermissionPage
{
    private const string Head = """
        # Permissions

        Who may do what, as the program states it: a test compares this page with it line by line, and another one calls every endpoint as every role.
        A member without the permission is refused with 403; what belongs to an organization that one is no member of does not exist (404).
        An API token does what its account may, and only with the scope that is named; `x:write` includes `x:read`. Where no scope is named, a person has to sign in.
        Where an organization, or the installation, asks for a second factor, a session or API token that has none to show is refused with 403 `SECOND_FACTOR_REQUIRED` (docs/decisions/0041-second-factor-required.md).

        ## Roles

        """;

    public static IEnumerable<string> Lines(IEnumerable<RouteEndpoint> endpoints)
    {
        foreach (var line in Head.Split('\n'))
            yield return line;
        var roles = Enum.GetValues<OrganizationRole>();
        yield return $"| permission | {string.Join(" | ", roles.Select(role => role.ToString().ToLowerInvariant()))} |";
        yield return $"| --- |{string.Concat(roles.Select(_ => " --- |"))}";
        foreach (var permission in Enum.GetValues<Permission>())
            yield return $"| {permission} | {string.Join(" | ", roles.Select(role => RolePermissions.Allow(role, permission) ? "yes" : "-"))} |";
        yield return "";
        yield return "## Endpoints";
        yield return "";
        yield return "| endpoint | name | who | scope |";
        yield return "| --- | --- | --- | --- |";
        foreach (var row in endpoints.Select(Row).Order(StringComparer.Ordinal))
            yield return row;
    }

    private static string Row(RouteEndpoint endpoint)
    {
        var access = ProgramEndpoints.AccessOf(endpoint);
        var who = access switch
        {
            null => "anybody",
            { Permission: { } permission } => $"members with {permission}{(access.OperatorsToo ? "; operators" : "")}{(access.WithoutSecondFactor ? ", without a second factor too" : "")}",
            { Kind: AccessKind.Operator } => "operators",
            _ => "the account itself",
        };
        var scope = access switch
        {
            { Kind: AccessKind.Session or AccessKind.Operator } => "-",
            { Scope: { } needed } => TokenScopes.Text(needed),
            null => "",
            _ => "any",
        };
        return $"| {endpoint.RoutePattern.RawText?.TrimEnd('/')} {ProgramEndpoints.MethodOf(endpoint)} | {ProgramEndpoints.NameOf(endpoint)} | {who} | {scope} |";
    }
}
