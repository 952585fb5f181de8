using System.Text.Json.Nodes;
using Tollgate.Foundation;

namespace Tollgate.Identity.Audit;

/// <summary>One entry. <c>before</c> and <c>after</c> are what the action changed, without secrets.</summary>
internal sealed record AuditEntryResponse(
    string Id, DateTimeOffset At, string? AccountId, string Actor, AuditMeans Means, string? Credential, string? OnBehalfOf, string? Address, string? UserAgent, string? RequestId,
    string Action, string Subject, string? OrganizationId, JsonNode? Before, JsonNode? After)
{
    /// <summary>Where somebody else was when he changed one's account is his affair; in an organization's log, and to an operator, it is told.</summary>
    public static AuditEntryResponse From(AuditRow row, Guid reader, AuditScope scope)
    {
        var told = row.AccountId == reader || scope.OrganizationId is not null || scope.All;
        return new AuditEntryResponse(TypeId.Format("aud", row.Id), row.At, Format("acc", row.AccountId), row.Actor, AuditText.MeansOf(row.Means), told ? row.Credential : null,
            Format("acc", row.OnBehalfOf), told ? row.Address : null, told ? row.UserAgent : null, row.RequestId, row.Action, row.Subject, Format("org", row.OrganizationId),
            Parse(row.Before), Parse(row.After));
    }

    private static string? Format(string prefix, Guid? id) => id is { } value ? TypeId.Format(prefix, value) : null;

    private static JsonNode? Parse(string? json) => json is null ? null : JsonNode.Parse(json);
}
