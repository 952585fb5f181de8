using System.Text.Json.Serialization;
using Tollgate.Foundation;

namespace Tollgate.Metering.Reports;

/// <summary>A CloudEvents 1.0 event in JSON. For the description of the API only: events are read one by one, so that a bad one refuses only itself.</summary>
/// <param name="Specversion">`1.0`.</param>
/// <param name="Id">With the source, what tells a repetition.</param>
/// <param name="Type">The meter: `x.{organization}.{name}`.</param>
/// <param name="Subject">The subscription: `sub_…`.</param>
/// <param name="Time">When it was used; now without it.</param>
internal sealed record CloudEventBody(string Specversion, string Id, string Source, string Type, string Subject, DateTimeOffset? Time, CloudEventDataBody Data);

/// <param name="Amount">A whole number of the meter's unit, 0 to 2^53.</param>
internal sealed record CloudEventDataBody(long Amount);

internal enum ReportStatus
{
    Accepted,

    /// <summary>Known already, with the same content: it counts once.</summary>
    Duplicate,
    Rejected,
}

/// <summary>What became of one event, in the order in which they were sent.</summary>
/// <param name="Id">As it was sent; null when it cannot be read.</param>
internal sealed record ReportVerdictResponse(
    string? Id, string? Source, ReportStatus Status,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Code = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Detail = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<FieldError>? Errors = null);

internal sealed record ReportResponse(IReadOnlyList<ReportVerdictResponse> Data, int Accepted, int Duplicate, int Rejected)
{
    public static ReportResponse Of(IReadOnlyList<ReportVerdictResponse> verdicts) => new(
        verdicts, verdicts.Count(v => v.Status == ReportStatus.Accepted), verdicts.Count(v => v.Status == ReportStatus.Duplicate), verdicts.Count(v => v.Status == ReportStatus.Rejected));
}

/// <param name="At">When it counts: its own time, or its arrival.</param>
internal sealed record ReportedEventResponse(
    string Id, string EventId, string Source, string Meter, string SubscriptionId, long Amount, DateTimeOffset Time, DateTimeOffset At, DateTimeOffset ReceivedAt);
