using System.Net;
using System.Security.Claims;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tollgate.Foundation;
using Tollgate.Identity;
using Tollgate.TestKit;

namespace Tollgate.Metering.Tests.Usage;

/// <summary>The module as the host runs it: real journal, shipper and HTTP server. A request says who it is from by the organization in a header.</summary>
internal sealed class UsageServer(MeteringDatabase db, TestServer server) : IAsyncDisposable
{
    public MeteringDatabase Db { get; } = db;

    public IUsageJournal Journal { get; } = server.Services.GetRequiredService<IUsageJournal>();

    public IReconciliation Reconciliation { get; } = server.Services.GetRequiredService<IReconciliation>();

    /// <summary>What can be reported for. A provider and its consumers see theirs.</summary>
    public Subscribed Subscriptions { get; } = server.Services.GetServices<IReportSubjects>().OfType<Subscribed>().Single();

    public static async Task<UsageServer> StartAsync()
    {
        var db = await MeteringDatabase.CreateAsync(TimeProvider.System.GetUtcNow());
        var server = await TestServer.StartAsync(db.Inner, (services, configuration) =>
        {
            services.AddAuthentication("test").AddScheme<AuthenticationSchemeOptions, ByHeader>("test", null);
            services.AddAuthorization();
            services.AddSingleton<IAuditLog, NoAuditLog>();
            services.AddMetering(configuration);
            services.AddSingleton<IUsageSubjects>(new Visible("subscription", MeteringDatabase.Id(1)));
            services.AddSingleton<IUsageSubjects>(new Visible("api", MeteringDatabase.Id(100_100)));
            services.AddSingleton<IReportSubjects>(new Subscribed());
        }, app => app.MapMetering());
        return new UsageServer(db, server);
    }

    public async Task ShipAsync() => await server.Services.GetRequiredService<IUsageShipping>().ShipNowAsync(TestContext.Current.CancellationToken);

    public Task<(HttpStatusCode Status, JsonElement Body)> GetAsync(string path, int? organization = 10_001, OrganizationRole role = OrganizationRole.Developer) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Get, path), organization, role);

    public Task<(HttpStatusCode Status, JsonElement Body)> PostAsync(string path, object body, int? organization = 100, OrganizationRole role = OrganizationRole.Developer, string type = "application/json") =>
        SendAsync(new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body as string ?? JsonSerializer.Serialize(body), null, type) }, organization, role);

    public async Task<(HttpStatusCode Status, JsonElement Body)> SendAsync(HttpRequestMessage request, int? organization, OrganizationRole role = OrganizationRole.Developer)
    {
        using var _ = request;
        if (organization is { } number)
        {
            request.Headers.Add("X-Organization", MeteringDatabase.Id(number).ToString());
            request.Headers.Add("X-Role", role.ToString());
        }
        // A body that is too large is refused before all of it is sent, and the connection ends: who asks first hears why.
        request.Headers.ExpectContinue = request.Content?.Headers.ContentLength > 1024 * 1024;
        using var response = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return (response.StatusCode, text.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(text));
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        await Db.DisposeAsync();
    }

    /// <summary>This database has no identity schema. That the module's changes are written down, the walk over all endpoints of the whole program sees.</summary>
    private sealed class NoAuditLog : IAuditLog
    {
        public Task WriteAsync(DbSession session, AuditActor actor, AuditChange change) => Task.CompletedTask;
    }

    /// <summary>Subscriptions of a month that began ten days ago, each of a consumer of its own, unless a test says otherwise.</summary>
    public sealed class Subscribed : IReportSubjects
    {
        private readonly Dictionary<Guid, ReportSubject> _all = [];
        private readonly Dictionary<Guid, Guid> _apis = [];

        public ReportSubject Add(int subscription, int provider = 100, DateTimeOffset? startedAt = null, DateTimeOffset? endedAt = null, Func<DateTimeOffset, int>? version = null)
        {
            var started = startedAt ?? MeteringDatabase.Hour(TimeProvider.System.GetUtcNow().AddDays(-10));
            _apis[MeteringDatabase.Id(provider)] = MeteringDatabase.Id(provider + 100_000);
            return _all[MeteringDatabase.Id(subscription)] = new ReportSubject(MeteringDatabase.Id(subscription), MeteringDatabase.Id(subscription + 10_000), MeteringDatabase.Id(provider),
                started, started, endedAt, at =>
                {
                    var months = 0;
                    while (started.AddMonths(months + 1) <= at)
                        months++;
                    return (started.AddMonths(months), started.AddMonths(months + 1));
                }, version ?? (_ => 1));
        }

        /// <summary>A provider has one API.</summary>
        public Task<IReadOnlyList<Guid>> OfApiAsync(DbSession session, Guid apiId) =>
            Task.FromResult<IReadOnlyList<Guid>>([.. _all.Values.Where(one => _apis[one.ProviderOrganizationId] == apiId).Select(one => one.SubscriptionId)]);

        public async Task<IReadOnlyList<ReportSubject>> FindAsync(DbSession session, Guid[] subscriptionIds)
        {
            var caller = await session.QuerySingleAsync<Guid[]>("SELECT foundation.current_organizations()");
            return [.. subscriptionIds.Select(id => _all.GetValueOrDefault(id)).OfType<ReportSubject>().Where(one => caller.Contains(one.OrganizationId) || caller.Contains(one.ProviderOrganizationId))];
        }
    }

    /// <summary>Is seen by every member of any organization: what the rows show is then up to the database.</summary>
    private sealed class Visible(string kind, Guid id) : IUsageSubjects
    {
        public string Kind => kind;

        public Task<bool> IsVisibleAsync(DbSession session, Guid id1) =>
            id1 == id ? session.QuerySingleAsync<bool>("SELECT cardinality(foundation.current_organizations()) > 0") : Task.FromResult(false);
    }

    private sealed class ByHeader(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync()
        {
            if (!Guid.TryParse(Request.Headers["X-Organization"], out var organization))
                return Task.FromResult(AuthenticateResult.NoResult());
            var membership = new Membership(organization, $"o-{organization:n}", "An organization", Enum.Parse<OrganizationRole>(Request.Headers["X-Role"].ToString()), true);
            Caller.Set(Context, new Caller(MeteringDatabase.Id(1), MeteringDatabase.Id(2), "a@example.com", false, [membership]));
            return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(new ClaimsIdentity("test")), "test")));
        }
    }
}
