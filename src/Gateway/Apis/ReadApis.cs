using Microsoft.AspNetCore.Http;
using Tollgate.Foundation;
using Tollgate.Identity;
using Tollgate.Plans;

namespace Tollgate.Gateway.Apis;

internal static class ReadApis
{
    public static async Task<IResult> ListAsync(string? organization, int? limit, string? after, Caller caller, IDatabase database, IPlans plans, GatewayAddress gateway, CancellationToken cancellation)
    {
        var size = Cursor.Limit(limit);
        if (size.Failure is { } badLimit)
            return Problems.Result(badLimit);
        var cursor = After(after);
        if (cursor.Failure is { } badCursor)
            return Problems.Result(badCursor);
        Guid[] organizations = [.. caller.Memberships.Select(membership => membership.OrganizationId)];
        if (!string.IsNullOrEmpty(organization))
        {
            var one = caller.Organization(organization, Permission.View);
            if (one.Failure is { } foreign)
                return Problems.Result(foreign);
            organizations = [one.Value.OrganizationId];
        }
        var page = await database.AsAppAsync(caller.Tenant, async session =>
        {
            var rows = Page<ApiRow>.Cut(await ApiStore.ListAsync(session, organizations, size.Value + 1, cursor.Value).ConfigureAwait(false), size.Value, row => row.Id.ToString());
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
            var found = await ApiStore.FindOwnAsync(session, caller, id, Permission.View).ConfigureAwait(false);
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
            var found = await ApiStore.FindOwnAsync(session, caller, id, Permission.View).ConfigureAwait(false);
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
            var found = await ApiStore.FindOwnAsync(session, caller, id, Permission.ManageApis).ConfigureAwait(false);
            if (found.Failure is { } notFound)
                return notFound;
            var kept = await session.QuerySingleAsync<byte[]>("SELECT signing_secret FROM gateway.api_upstream WHERE api_id = @Id", new { found.Value.Id }).ConfigureAwait(false);
            return new SigningSecretResponse(Convert.ToBase64String(secrets.OpenSigningSecret(found.Value.Id, kept)));
        }, cancellation).ConfigureAwait(false);
        return outcome.ToResult(Results.Ok);
    }

    private static Outcome<Guid?> After(string? after)
    {
        var decoded = Cursor.Decode(after);
        if (decoded.Failure is { } failure)
            return failure;
        if (decoded.Value is null)
            return (Guid?)null;
        return Guid.TryParse(decoded.Value, out var id) ? (Guid?)id : Failure.Invalid("after", "CURSOR_INVALID", "Use the value of `next` of the page before.");
    }

    internal sealed class DocumentRow
    {
        public byte[] Document { get; init; } = [];

        public string MediaType { get; init; } = "";
    }
}
