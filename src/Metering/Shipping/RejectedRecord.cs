using System.Text.Json;
using Tollgate.Metering.Journal;

namespace Tollgate.Metering.Shipping;

/// <summary>A record as JSON text, so that a person can look at what PostgreSQL refused and repair it.</summary>
internal static class RejectedRecord
{
    public static string ToJson(JournalRecord record)
    {
        var usage = record.Usage;
        var amounts = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var pair in usage.Amounts)
            if (pair.Meter != 0)
                amounts[LogRow.Name(pair.Meter)] = pair.Amount;
        return JsonSerializer.Serialize(new
        {
            record.Kind,
            record.Offset,
            record.BeginOffset,
            usage.RequestId,
            usage.StartMicros,
            usage.DurationMicros,
            usage.UpstreamMicros,
            usage.KeyId,
            usage.SubscriptionId,
            usage.PlanVersion,
            usage.PeriodStartSeconds,
            usage.OrganizationId,
            usage.ProviderOrganizationId,
            usage.ApiId,
            usage.ApiVersion,
            usage.OperationId,
            Method = Convert.ToHexString(usage.Method.Span),
            Path = Convert.ToHexString(usage.Path.Span),
            usage.Status,
            Outcome = (byte)usage.Outcome,
            Reason = (byte)usage.Reason,
            usage.Billable,
            usage.BytesIn,
            usage.BytesOut,
            usage.Country,
            ClientAddress = usage.ClientAddress.ToString("x32"),
            amounts,
            Totals = record.Totals.Select(t => new { t.SubscriptionId, t.HourSeconds, t.Billable }),
        });
    }
}
