using Microsoft.AspNetCore.Mvc;
using Tollgate.Foundation;

namespace Tollgate.Metering.Usage;

/// <summary>What was reported, by meter: those with anything in the range, by name.</summary>
internal sealed record MeterUsageResponse(IReadOnlyList<MeterUsageSeriesResponse> Data, DateTimeOffset AsOf);

/// <param name="Meter">`x.{organization}.{name}`.</param>
/// <param name="Amount">Of the whole range.</param>
/// <param name="Rows">Every hour or day of the range, those without a report too.</param>
internal sealed record MeterUsageSeriesResponse(string Meter, decimal Amount, IReadOnlyList<MeterUsageRowResponse> Rows);

internal sealed record MeterUsageRowResponse(DateTimeOffset From, decimal Amount);

internal sealed class MeterUsageParameters : IRequest
{
    /// <summary>One declared meter; all without it.</summary>
    [FromQuery(Name = "meter")]
    public string? Meter { get; init; }

    public void Validate(Errors errors) => errors.Text("meter", Meter, 0, 200);
}
