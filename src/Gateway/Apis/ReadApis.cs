using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Tollgate.Foundation;
using Tollgate.Identity;
using Tollgate.Plans;

namespace Tollgate.Gateway.Apis;

internal static class ReadApis
{
    public static async Task<IResult> ListAsync([AsParameters] ApiListParameters list, Caller caller, IDatabase database, IPlans plans, GatewayAddress gateway, CancellationToken cancellation)
    {
        Guid[] organizations = [.. caller.Memberships.Select(membership => membership.OrganizationId)];
        if (!string.IsNullOrEmpty(list.Organization))
        {
            var one = caller.Organization(list.Organization);
            if (one.Failure is { } foreign)
                return Problems.Result(foreign);
            organizations = [one.Value.OrganizationId];
        }
        var page = await database.AsAppAsync(caller.Tenant, async session =>
        {
            var rows = Page<ApiRow>.Cut(await ApiStore.ListAsync(session, organizations, list.Count + 1, list.Last).ConfigureAwait(false), list.Count, row => row.Id.ToString());
            var items = new List<ApiListItemResponse>(rows.Data.Count);
            foreach (var row in rows.Data)
                items.Add(ApiListItemResponse.From(row, (await plans.OfProductAsync(session, row.Id).ConfigureAwait(false)).Count,
                    await plans.CountSubscribersAsync(session, row.Id).ConfigureAwait(false), gateway));
            return new Page<ApiListItemResponse>(items, rows.HasMore, rows.Next);
        }, cancellation).ConfigureAwait(false);
        return Results.Ok(page);
    }

    public static async Task<IResult> GetAsync(string id, Caller caller, HttpContext context, IDatabase database, GatewayAddress gateway)
    {
        var outcome = await database.AsAppAsync(caller.Tenant, async Task<Outcome<ApiResponse>> (session) =>
        {
            var found = await ApiStore.FindOwnAsync(session, caller, id).ConfigureAwait(false);
            return found.Failure is { } notFound
                ? notFound
                : ApiResponse.From(found.Value, await ApiStore.EndpointsAsync(session, found.Value.Id).ConfigureAwait(false), gateway);
        }, context.RequestAborted).ConfigureAwait(false);
        return outcome.ToResult(api =>
        {
            IfMatch.SetETag(context, api.Version);
            return Results.Ok(api);
        });
    }

    public static async Task<IResult> DocumentAsync(string id, Caller caller, IDatabase database, CancellationToken cancellation)
    {
        var outcome = await database.AsAppAsync(caller.Tenant, async Task<Outcome<DocumentRow>> (session) =>
        {
            var found = await ApiStore.FindOwnAsync(session, caller, id).ConfigureAwait(false);
            return found.Failure is { } notFound
                ? notFound
                : await session.QuerySingleAsync<DocumentRow>("SELECT document, media_type FROM gateway.api_document WHERE api_id = @Id", new { found.Value.Id }).ConfigureAwait(false);
        }, cancellation).ConfigureAwait(false);
        return outcome.ToResult(row => Results.Bytes(row.Document, row.MediaType));
    }

    /// <summary>What the upstream needs to check that a call came through the gateway.</summary>
    public static async Task<IResult> SigningSecretAsync(string id, Caller caller, IDatabase database, UpstreamSecrets secrets, CancellationToken cancellation)
    {
        var outcome = await database.AsAppAsync(caller.Tenant, async Task<Outcome<SigningSecretResponse>> (session) =>
        {
            var found = await ApiStore.FindOwnAsync(session, caller, id).ConfigureAwait(false);
            if (found.Failure is { } notFound)
                return notFound;
            var kept = await session.QuerySingleAsync<byte[]>("SELECT signing_secret FROM gateway.api_upstream WHERE api_id = @Id", new { found.Value.Id }).ConfigureAwait(false);
            return new SigningSecretResponse(Convert.ToBase64String(secrets.OpenSigningSecret(found.Value.Id, kept)));
        }, cancellation).ConfigureAwait(false);
        return outcome.ToResult(Results.Ok);
    }

    internal sealed class DocumentRow
    {
        public byte[] Document { get; init; } = [];

        public string MediaType { get; init; } = "";
    }
}

internal sealed class ApiListParameters : IdPageParameters
{
    /// <summary>Id or slug; all of the caller's without it.</summary>
    [FromQuery(Name = "organization")]
    public string? Organization { get; init; }
}
