using Microsoft.AspNetCore.Routing;
using Tollgate.Identity;

namespace Tollgate.Architecture.Tests.Access;

/// <summary>Every endpoint of the program is called as nobody, as each role, as the owner of a foreign organization and as an operator, and compared with the table.</summary>
public sealed class EndpointWalkTests(Town town) : IClassFixture<Town>
{
    // Those who are refused must leave everything as it is for those who are not.
    private static readonly string?[] RefusedFirst = [null, Town.Stranger, Town.Operator, .. Enum.GetNames<OrganizationRole>().AsEnumerable().Reverse()];

    [Fact]
    public async Task EveryEndpoint_IsMappedHereAndHasItsSample()
    {
        var guarded = (await ProgramEndpoints.AllAsync()).Where(endpoint => !ProgramEndpoints.IsOpen(endpoint)).Select(ProgramEndpoints.NameOf).Order(StringComparer.Ordinal).ToList();
        town.Endpoints.Where(endpoint => !ProgramEndpoints.IsOpen(endpoint)).Select(ProgramEndpoints.NameOf).Order(StringComparer.Ordinal).ShouldBe(guarded);
        Samples.All.Keys.Order(StringComparer.Ordinal).ShouldBe(guarded);
    }

    [Fact]
    public async Task EveryRole_MayWhatTheTableSays()
    {
        var wrong = new List<string>();
        var seen = new WalkCount();
        foreach (var endpoint in town.Endpoints.Where(endpoint => !ProgramEndpoints.IsOpen(endpoint)))
        {
            var access = ProgramEndpoints.AccessOf(endpoint)!;
            foreach (var who in RefusedFirst)
            {
                var (answer, text) = await CallAsync(endpoint, who);
                seen.Add(ProgramEndpoints.NameOf(endpoint), who, answer);
                var expected = Expected(access, who, Samples.All[ProgramEndpoints.NameOf(endpoint)]);
                if (answer != expected)
                    wrong.Add($"{ProgramEndpoints.NameOf(endpoint)} as {who ?? "nobody"}: {answer} in place of {expected}: {text[..Math.Min(text.Length, 160)]}");
                if (who is not null && Samples.All[ProgramEndpoints.NameOf(endpoint)].SignsOut)
                    await town.SignInAsync(who);
            }
        }
        wrong.ShouldBeEmpty();
        seen.ShouldBeWhole(Samples.All.Keys, RefusedFirst);
    }

    /// <summary>By API tokens of the owner: with the endpoint's scope alone it is as a session, with all other scopes it is nothing.</summary>
    [Fact]
    public async Task EveryScope_OpensWhatItIsForAndNothingElse()
    {
        var scopes = Enum.GetValues<TokenScope>();
        var all = await town.TokenAsync(scopes);
        var with = new Dictionary<TokenScope, string>();
        var without = new Dictionary<TokenScope, string>();
        foreach (var scope in scopes)
        {
            with[scope] = await town.TokenAsync([scope]);
            without[scope] = await town.TokenAsync(scopes.Where(other => !TokenScopes.Include([other], scope)));
        }
        var wrong = new List<string>();
        foreach (var endpoint in town.Endpoints.Where(endpoint => !ProgramEndpoints.IsOpen(endpoint)))
        {
            var access = ProgramEndpoints.AccessOf(endpoint)!;
            if (access.Kind is AccessKind.Session or AccessKind.Operator)
                await ExpectAsync(endpoint, all, "403", "SESSION_REQUIRED", wrong);
            else if (access.Scope is not { } scope)
                await ExpectAsync(endpoint, with[TokenScope.ReadAuditLog], "allowed", "", wrong);
            else
            {
                await ExpectAsync(endpoint, without[scope], "403", "SCOPE_MISSING", wrong);
                await ExpectAsync(endpoint, with[scope], "allowed", "", wrong);
            }
        }
        wrong.ShouldBeEmpty();
    }

    /// <summary>An owner who has no second factor, where one is asked for, is as far outside as anybody: by a session, and by an API token that was made in it.</summary>
    [Fact]
    public async Task EveryEndpointOfAnOrganization_ThatAsksForASecondFactor_IsClosedToWhoHasNone()
    {
        await town.AskForSecondFactorsAsync();
        try
        {
            var token = await town.TokenAsync(Enum.GetValues<TokenScope>(), Town.Bare);
            var wrong = new List<string>();
            foreach (var endpoint in town.Endpoints.Where(endpoint => ProgramEndpoints.AccessOf(endpoint) is { Permission: not null }))
            {
                var access = ProgramEndpoints.AccessOf(endpoint)!;
                var reports = Samples.All[ProgramEndpoints.NameOf(endpoint)].Refuses is not null;
                var (expected, code) = access.WithoutSecondFactor ? ("allowed", "") : ("403", reports ? "" : "SECOND_FACTOR_REQUIRED");
                await ExpectAsync(endpoint, Town.Bare, expected, code, wrong);
                if (access.Kind == AccessKind.Member)
                    await ExpectAsync(endpoint, token, expected, code, wrong);
            }
            wrong.ShouldBeEmpty();
            // Lists of all organizations leave them out.
            foreach (var path in new[] { "/api/apis", "/api/subscriptions" })
                foreach (var who in new[] { Town.Bare, token })
                    (await town.SendAsync(HttpMethod.Get, path, who, null)).Text.ShouldContain("\"data\":[]");
            (await town.SendAsync(HttpMethod.Get, "/api/apis", nameof(OrganizationRole.Owner), null)).Text.ShouldNotContain("\"data\":[]");
        }
        finally
        {
            await town.AskForSecondFactorsNoMoreAsync();
        }
    }

    private async Task ExpectAsync(RouteEndpoint endpoint, string token, string expected, string code, List<string> wrong)
    {
        var (answer, text) = await CallAsync(endpoint, token);
        if (answer != expected || !text.Contains(code, StringComparison.Ordinal))
            wrong.Add($"{ProgramEndpoints.NameOf(endpoint)}: {answer} in place of {expected} {code}: {text[..Math.Min(text.Length, 160)]}");
    }

    private static string Expected(AccessRequirement access, string? who, Sample sample)
    {
        if (who is null)
            return "401";
        if (access.Kind == AccessKind.Operator)
            return who == Town.Operator ? "allowed" : "403";
        if (access.Permission is not { } permission)
            return "allowed";
        if (access.OperatorsToo && who == Town.Operator)
            return "allowed";
        if (!Enum.TryParse<OrganizationRole>(who, out var role))
            return sample.Refuses is null ? "404" : "403";
        return RolePermissions.Allow(role, permission) ? "allowed" : "403";
    }

    private async Task<(string Answer, string Text)> CallAsync(RouteEndpoint endpoint, string? who)
    {
        var sample = Samples.All[ProgramEndpoints.NameOf(endpoint)];
        var (status, text) = await town.SendAsync(new HttpMethod(ProgramEndpoints.MethodOf(endpoint)), await PathAsync(town, endpoint, sample), who, sample.Body(town));
        return (status switch
        {
            200 when sample.Refuses?.Invoke(text) == true => "403",
            404 when sample.Missing => "allowed",
            // It came as far as the state of what it is about.
            >= 200 and < 300 or 409 => "allowed",
            _ when status == sample.ComesTo => "allowed",
            _ => status.ToString(System.Globalization.CultureInfo.InvariantCulture),
        }, text);
    }

    internal static async Task<string> PathAsync(Town town, RouteEndpoint endpoint, Sample sample)
    {
        var path = endpoint.RoutePattern.RawText!;
        for (var i = 0; i < endpoint.RoutePattern.Parameters.Count; i++)
        {
            var name = endpoint.RoutePattern.Parameters[i].Name;
            path = path.Replace($"{{{name}}}", i == 0 ? await sample.Id!(town) : await sample.Other!(town, name), StringComparison.Ordinal);
        }
        return path + sample.Query;
    }
}
