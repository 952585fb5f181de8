using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Mvc;
using Tollgate.Foundation;

namespace Tollgate.Metering.Meters;

/// <param name="Organization">Id or slug; the personal one without it.</param>
/// <param name="Name">Its own part of the name, which becomes `x.{organization}.{name}` for good.</param>
/// <param name="Unit">What one is, such as page or second.</param>
/// <param name="Aggregation">Only `sum`.</param>
internal sealed partial record DeclareMeterRequest(string? Organization, string? Name, string? Unit, string? Description, string? Aggregation) : IRequest
{
    public void Validate(Errors errors)
    {
        errors.Text("organization", Organization, 0, 200);
        errors.Text("name", Name, 1, 40);
        errors.Check(string.IsNullOrEmpty(Name) || Plain().IsMatch(Name), "name", "NAME_INVALID", "Lower-case letters and digits, with single hyphens, dots or underscores between them.");
        errors.Text("unit", Unit, 1, 40);
        errors.Text("description", Description, 0, 500);
        errors.Check(Aggregation is null or "sum", "aggregation", "UNKNOWN_VALUE", "Only sum.");
    }

    [GeneratedRegex(@"^[a-z0-9]([-._]?[a-z0-9])*\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Plain();
}

internal sealed class MeterListParameters : IdPageParameters
{
    /// <summary>Id or slug; the personal one without it.</summary>
    [FromQuery(Name = "organization")]
    public string? Organization { get; init; }

    /// <summary>`true` to list archived ones too.</summary>
    [FromQuery(Name = "archived")]
    public string? Archived { get; init; }

    public override void Validate(Errors errors)
    {
        base.Validate(errors);
        errors.Check(Archived is null or "" or "true" or "false", "archived", "UNKNOWN_VALUE", "Use true or false.");
    }
}

/// <param name="Last30Days">What was reported in the last 30 days, for all subscribers.</param>
/// <param name="LastReportedHour">Start of the newest hour with a report in these days.</param>
internal sealed record MeterResponse(
    string Id, string OrganizationId, string Name, string Unit, string Description, string Aggregation, DateTimeOffset CreatedAt, DateTimeOffset? ArchivedAt,
    decimal Last30Days, DateTimeOffset? LastReportedHour);
