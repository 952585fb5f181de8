using System.Text.Json.Serialization;

namespace Tollgate.Metering.Usage;

/// <summary>`requests` are billable; `calls` and the rest count all logged calls; `errors` are answers of 500 and above.</summary>
internal sealed record UsageResponse(IReadOnlyList<UsageRowResponse> Data, UsageTotalResponse Total, DateTimeOffset AsOf);

internal sealed record UsageRowResponse(
    DateTimeOffset From, long Requests, long Calls, long Refused, long Failed, long Errors, long BytesIn, long BytesOut, StatusCountsResponse Status, LatencyResponse LatencyMs);

internal sealed record UsageTotalResponse(
    long Requests, long Calls, long Refused, long Failed, long Errors, long BytesIn, long BytesOut, StatusCountsResponse Status, LatencyResponse LatencyMs);

internal sealed record StatusCountsResponse(
    [property: JsonPropertyName("2xx")] long Status2xx,
    [property: JsonPropertyName("3xx")] long Status3xx,
    [property: JsonPropertyName("4xx")] long Status4xx,
    [property: JsonPropertyName("5xx")] long Status5xx);

/// <summary>Of served calls, within 5 %; null when there was none.</summary>
internal sealed record LatencyResponse(double? P50, double? P90, double? P99);
