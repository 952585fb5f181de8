using Microsoft.AspNetCore.Http;
using Tollgate.Foundation;
using Tollgate.Gateway.Routing;
using Tollgate.Gateway.Upstreams;
using Tollgate.Identity;

namespace Tollgate.Gateway.Apis;

/// <summary>The servers behind an API. Their addresses are the provider's secret: only members of its organization come here.</summary>
internal sealed class ApiUpstreams(IDatabase database, UpstreamAddressCheck addresses, Publication publication, IChangeFeed feed, Routes routes, IAuditLog audit, TimeProvider clock)
{
    public static async Task<IResult> GetAsync(string id, Caller caller, HttpContext context, IDatabase database, ApiUpstreams upstreams)
    {
        var found = await database.AsAppAsync(caller.Tenant, session => ApiStore.FindOwnAsync(session, caller, id), context.RequestAborted).ConfigureAwait(false);
        return upstreams.Show(found, context);
    }

    public static async Task<IResult> PutAsync(string id, UpstreamsRequest request, Caller caller, HttpContext context, ApiUpstreams upstreams)
    {
        var expected = IfMatch.Require(context);
        if (expected.Failure is { } missing)
            return Problems.Result(missing);
        var edited = await upstreams.SaveAsync(id, request.ToPlan(), expected.Value, caller, AuditActor.Of(context), context.RequestAborted).ConfigureAwait(false);
        return upstreams.Show(edited, context);
    }

    private async Task<Outcome<ApiRow>> SaveAsync(string id, UpstreamPlan plan, ExpectedVersion expected, Caller caller, AuditActor actor, CancellationToken cancellation)
    {
        if (await addresses.CheckAsync(plan.Targets.Select((target, index) => ($"targets[{index}].url", target.Url)), cancellation).ConfigureAwait(false) is { } forbidden)
            return forbidden;
        var outcome = await database.AsAppAsync(caller.Tenant, async Task<Outcome<ApiRow>> (session) =>
        {
            var found = await ApiStore.FindOwnAsync(session, caller, id, forUpdate: true).ConfigureAwait(false);
            if (found.Failure is { } notFound)
                return notFound;
            if (found.Value.State == ApiStatus.Archived)
                return Publication.Archived;
            if (!expected.Matches(found.Value.Version))
                return IfMatch.Failed();
            await UpdateAsync(session, found.Value.Id, plan).ConfigureAwait(false);
            var edited = (await ApiStore.FindAsync(session, found.Value.Id, forUpdate: false).ConfigureAwait(false))!;
            await audit.WriteAsync(session, actor, ApiAudit.UpstreamsSet(found.Value, edited)).ConfigureAwait(false);
            await publication.RefreshAsync(session, edited).ConfigureAwait(false);
            return edited;
        }, cancellation).ConfigureAwait(false);
        if (outcome.Succeeded && outcome.Value.State is ApiStatus.Published or ApiStatus.Unpublished)
            await feed.AfterCommitAsync(cancellation).ConfigureAwait(false);
        return outcome;
    }

    private async Task UpdateAsync(DbSession session, Guid apiId, UpstreamPlan plan)
    {
        const string upstream = "UPDATE gateway.api_upstream SET upstream_url = @FirstUrl, upstreams = @upstreams::jsonb, updated_at = @now WHERE api_id = @apiId";
        const string version = "UPDATE gateway.api SET version = version + 1, updated_at = @now WHERE id = @apiId";
        var now = clock.GetUtcNow();
        await session.ExecuteAsync(upstream, new { apiId, plan.FirstUrl, upstreams = plan.Write(), now }).ConfigureAwait(false);
        await session.ExecuteAsync(version, new { apiId, now }).ConfigureAwait(false);
    }

    private IResult Show(Outcome<ApiRow> outcome, HttpContext context) => outcome.ToResult(row =>
    {
        IfMatch.SetETag(context, row.Version);
        return Results.Ok(UpstreamsResponse.From(row, routes.Table.Apis.FirstOrDefault(api => api.Route.ApiId == row.Id)));
    });
}
