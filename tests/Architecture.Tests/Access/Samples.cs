using System.Text.Json;
using Tollgate.Identity;
using Tollgate.Foundation;

namespace Tollgate.Architecture.Tests.Access;

/// <summary>One sample for each endpoint that is not open to everybody, by the endpoint's name.</summary>
internal static class Samples
{
    private const string InTown = $"?organization={Town.Slug}";

    private static readonly Sample Nothing = new();
    private static readonly Sample OfTown = new() { Query = InTown };

    public static IReadOnlyDictionary<string, Sample> All { get; } = new Dictionary<string, Sample>(StringComparer.Ordinal)
    {
        ["getMe"] = Nothing,
        ["listSessions"] = Nothing,
        ["endSession"] = Sample.New(_ => Task.FromResult("ses_00000000000000000000000000")) with { Missing = true },
        ["endOtherSessions"] = Nothing,
        ["endAllSessions"] = Nothing with { SignsOut = true },
        ["listApiTokens"] = Nothing,
        ["createApiToken"] = new() { Body = town => new { name = town.Fresh("token"), scopes = new[] { "apis:read" } } },
        ["endApiToken"] = Sample.New(_ => Task.FromResult("tok_00000000000000000000000000")) with { Missing = true },
        ["listOrganizationApiTokens"] = Sample.Of(_ => Town.Slug),
        ["endOrganizationApiToken"] = new()
        {
            Id = _ => Task.FromResult(Town.Slug),
            Other = async (town, _) => Town.Text((await town.MakeAsync("/api/tokens", new { name = "walk", organization = Town.Slug, scopes = new[] { "apis:read" } })).GetProperty("token"), "id"),
        },

        ["getSecurity"] = Nothing,
        ["stepUp"] = new() { Body = _ => new { password = Town.Password } },
        ["sendVerificationMail"] = Nothing,
        ["changeEmail"] = new() { Body = town => new { email = $"{town.Fresh("new")}@example.com" } },
        ["changePassword"] = new() { Body = _ => new { current_password = Town.Password, password = Town.Password } },
        ["offerTotp"] = Nothing,
        ["confirmTotp"] = new() { Body = _ => new { code = "000" }, ComesTo = 422 },
        ["removeTotp"] = new() { ComesTo = 404 },
        ["replaceRecoveryCodes"] = new() { ComesTo = 404 },
        ["offerPasskey"] = Nothing,
        ["addPasskey"] = new() { Body = _ => new { challenge = "none", name = "Phone", credential = new { } }, ComesTo = 422 },
        ["removePasskey"] = Sample.Of(_ => "pky_00000000000000000000000000") with { ComesTo = 404 },
        ["connectProvider"] = Sample.Of(_ => "none") with { ComesTo = 404 },
        ["listIdentities"] = Nothing,
        ["disconnectProvider"] = Sample.New(OutsideIdentityAsync) with { ComesTo = 404 },
        ["deleteAccount"] = new() { Body = _ => new { email = "nobody@example.com" }, ComesTo = 422 },
        ["adminListAccounts"] = Nothing,
        ["adminGetAccount"] = Sample.New(AccountAsync),
        ["adminDisableAccount"] = Sample.New(AccountAsync, _ => new { }),
        ["adminEnableAccount"] = Sample.New(AccountAsync),
        ["adminSetAccountRole"] = Sample.New(AccountAsync, _ => new { role = "user" }),
        ["adminRemoveSecondFactors"] = Sample.New(AccountAsync, _ => new { reason = "walked" }),
        ["adminEndSessions"] = Sample.New(AccountAsync),
        ["adminEndSession"] = Sample.New(SessionAsync),
        ["adminListOrganizations"] = Nothing,
        ["adminGetOrganization"] = Sample.Of(town => TypeId.Format("org", town.OrganizationId)),
        ["adminSuspendOrganization"] = Sample.New(town => OrganizationIdAsync(town, suspended: false), _ => new { reason = "walked" }),
        ["adminUnsuspendOrganization"] = Sample.New(town => OrganizationIdAsync(town, suspended: true)),

        ["listAuditLog"] = OfTown,
        ["exportAuditLog"] = OfTown,

        ["listOrganizations"] = Nothing,
        ["createOrganization"] = new() { Body = town => new { name = town.Fresh("Organization") } },
        ["getOrganization"] = Sample.Of(_ => Town.Slug),
        ["editOrganization"] = Sample.Of(_ => Town.Slug, _ => new { time_zone = "Europe/Vienna" }),
        ["removeOrganization"] = Sample.New(town => town.OrganizationAsync()),
        ["transferOrganization"] = Sample.New(town => town.OrganizationAsync(), town => new { account = town.AccountOf(nameof(OrganizationRole.Viewer)) }),
        ["listMembers"] = Sample.Of(_ => Town.Slug),
        ["changeMember"] = new()
        {
            Id = town => town.OrganizationAsync(),
            Other = (town, _) => Task.FromResult(town.AccountOf(nameof(OrganizationRole.Viewer))),
            Body = _ => new { role = "billing" },
        },
        ["removeMember"] = new() { Id = town => town.OrganizationAsync(), Other = (town, _) => Task.FromResult(town.AccountOf(nameof(OrganizationRole.Viewer))) },
        // The last owner is told so.
        ["leaveOrganization"] = Sample.New(town => town.OrganizationAsync()),
        ["listInvitations"] = Sample.Of(_ => Town.Slug),
        ["invite"] = Sample.Of(_ => Town.Slug, town => new { email = $"{town.Fresh("invited")}@example.com", role = "viewer" }),
        ["withdrawInvitation"] = new()
        {
            Id = _ => Task.FromResult(Town.Slug),
            Other = async (town, _) => Town.Text(await town.MakeAsync($"/api/organizations/{Town.Slug}/invitations", new { email = $"{town.Fresh("invited")}@example.com", role = "viewer" }), "id"),
        },
        // An unknown secret is told apart by nothing from one for another address.
        ["lookAtInvitation"] = new() { Body = _ => new { token = "tgi_unknown" } },
        ["acceptInvitation"] = new() { Body = _ => new { token = "tgi_unknown" } },
        ["declineInvitation"] = new() { Body = _ => new { token = "tgi_unknown" } },

        ["declareMeter"] = new() { Body = town => new { organization = Town.Slug, name = town.Fresh("meter"), unit = "page" } },
        ["listMeters"] = OfTown,
        ["archiveMeter"] = Sample.New(MeterAsync),
        ["restoreMeter"] = Sample.New(MeterAsync),
        ["reportUsage"] = new() { Body = town => Sample.Json(Event(town), "application/cloudevents+json"), Refuses = text => JsonDocument.Parse(text).RootElement.GetProperty("rejected").GetInt32() == 1 },
        ["listReportedUsage"] = OfTown,
        ["getUsage"] = OfTown,
        ["getMeterUsage"] = OfTown,
        ["listRequestLog"] = OfTown,

        ["createApi"] = new() { Body = town => town.Draft() },
        ["listApis"] = OfTown,
        ["getApi"] = Sample.Of(town => town.Api),
        ["editApi"] = Sample.Of(town => town.Api, _ => new { summary = "Moons" }),
        ["getApiDocument"] = Sample.Of(town => town.Api),
        ["getApiSigningSecret"] = Sample.Of(town => town.Api),
        ["getApiLimits"] = Sample.Of(town => town.Api),
        ["setApiLimits"] = Sample.Of(town => town.Api, _ => new { limits = Array.Empty<object>() }),
        ["getApiUpstreams"] = Sample.Of(town => town.Api),
        ["setApiUpstreams"] = Sample.Of(town => town.Api, _ => new { targets = new[] { new { url = "http://127.0.0.1:9" } } }),
        ["publishApi"] = Sample.Of(town => town.Api, _ => new { }),
        ["unpublishApi"] = Sample.New(async town => (await town.SaleAsync()).Api),
        ["archiveApi"] = Sample.New(town => town.DraftAsync()),
        ["listApiPlans"] = Sample.Of(town => town.Api),
        ["createApiPlan"] = Sample.Of(town => town.Api, town => town.Offer()),
        ["revisePlan"] = Sample.Of(town => town.Plan, town => town.Offer()),
        ["archivePlan"] = Sample.New(async town => await town.PlanAsync(await town.DraftAsync())),

        // The organization has this one already: who may subscribe is told so.
        ["createSubscription"] = new() { Body = town => new { plan_id = town.Plan, organization = Town.Slug } },
        ["listSubscriptions"] = OfTown,
        ["getSubscription"] = Sample.Of(town => town.Subscription),
        ["cancelSubscription"] = Sample.New(async town => (await town.SaleAsync()).Subscription),
        ["getSpendCap"] = Sample.Of(town => town.Subscription),
        ["setSpendCap"] = Sample.Of(town => town.Subscription, _ => new { amount = 100 }),
        ["getSubscriptionAllowances"] = Sample.Of(town => town.Subscription),
        ["overrideSubscriptionAllowances"] = Sample.Of(town => town.Subscription, _ => new { overrides = Array.Empty<object>() }),
        ["getUpcomingInvoice"] = Sample.Of(town => town.Subscription),
        ["listKeys"] = Sample.Of(town => town.Subscription),
        ["createKey"] = Sample.New(async town => (await town.SaleAsync()).Subscription, town => new { name = town.Fresh("key") }),
        ["listSubscriptionEndpoints"] = Sample.Of(town => town.Subscription),
        ["editKey"] = Sample.New(KeyAsync, town => new { name = town.Fresh("key") }),
        ["rotateKey"] = Sample.New(KeyAsync, _ => new { }),
        ["revokeKey"] = Sample.New(KeyAsync),
    };

    // Straight into the table: of these there is one for each who asks.
    private static async Task<string> AccountAsync(Town town)
    {
        var id = TypeId.New(TimeProvider.System);
        await town.ExecuteAsync($"INSERT INTO identity.account (id, email, name, password_hash) VALUES ('{id}', '{town.Fresh("somebody")}@example.com', 'Somebody', '')");
        return TypeId.Format("acc", id);
    }

    private static async Task<string> OrganizationIdAsync(Town town, bool suspended)
    {
        var id = TypeId.New(TimeProvider.System);
        await town.ExecuteAsync($"INSERT INTO identity.organization (id, slug, name, personal) VALUES ('{id}', '{town.Fresh("suspended")}', 'Suspended', false)");
        if (suspended)
            await town.ExecuteAsync($"INSERT INTO identity.suspension (organization_id, suspended_at, reason) VALUES ('{id}', now(), 'walked')");
        return TypeId.Format("org", id);
    }

    // The owner's: to everybody else it does not exist.
    private static async Task<string> OutsideIdentityAsync(Town town)
    {
        var id = TypeId.New(TimeProvider.System);
        await town.ExecuteAsync($"INSERT INTO identity.outside_identity (id, account_id, provider, issuer, subject, created_at, last_used_at) VALUES ('{id}', '{town.Accounts[nameof(OrganizationRole.Owner)]}', 'none', '{town.Fresh("issuer")}', 'walker', now(), now())");
        return TypeId.Format("oid", id);
    }

    private static async Task<string> SessionAsync(Town town)
    {
        TypeId.TryParse(await AccountAsync(town), "acc", out var account).ShouldBeTrue();
        var id = TypeId.New(TimeProvider.System);
        await town.ExecuteAsync($"INSERT INTO identity.session (id, account_id, device, user_agent, created_at, last_seen_at, expires_at) VALUES ('{id}', '{account}', '', '', now(), now(), now() + interval '1 day')");
        return TypeId.Format("ses", id);
    }

    private static async Task<string> KeyAsync(Town town) => Town.Text(await town.MakeAsync($"/api/subscriptions/{(await town.SaleAsync()).Subscription}/keys", new { name = "key" }), "id");

    private static async Task<string> MeterAsync(Town town) => Town.Text(await town.MakeAsync("/api/meters", new { organization = Town.Slug, name = town.Fresh("meter"), unit = "page" }), "id");

    private static object Event(Town town) => new
    {
        specversion = "1.0",
        id = town.Fresh("event"),
        source = "/walk",
        type = $"x.{Town.Slug}.pages",
        subject = town.Subscription,
        time = TimeProvider.System.GetUtcNow(),
        data = new { amount = 1 },
    };
}
