using System.Globalization;
using System.Text;
using Tollgate.Foundation;

namespace Tollgate.Metering;

/// <summary>Shows that nothing was lost or counted twice: gateway counter = request log = rollups, for each subscription.</summary>
public interface IReconciliation
{
    /// <summary>
    /// Compares [<paramref name="from"/>, <paramref name="to"/>), rounded outward to whole hours. First it asks every live node to ship what it has
    /// counted, through the database, so that it works beside a running instance as well as in it. Changes no figure.
    /// </summary>
    Task<ReconciliationReport> RunAsync(DateTimeOffset from, DateTimeOffset to, CancellationToken cancellation);
}

/// <summary>
/// A subscription's billable requests by each count. <paramref name="Unsealed"/> are in the log but not yet in a sealed gateway counter: they
/// belong to calls after the request to seal, and gateway + unsealed = log. <paramref name="Daily"/> is null when the span holds no whole day,
/// <paramref name="Period"/> when no billing period began in it; both cover their whole days and periods only.
/// </summary>
public sealed record ReconciliationRow(Guid SubscriptionId, long Gateway, long Unsealed, long Log, long Hourly, long? Daily, decimal? Period, bool Balanced);

public enum ReconciliationFinding
{
    LogRowMissing,
    LogRowDoubled,
    LogRowAltered,
    HourlyRollupAltered,
    DailyRollupAltered,
    PeriodUsageAltered,

    /// <summary>What others reported and the hour of its meter differ.</summary>
    ReportedAndRollupDiffer,

    /// <summary>Log and rollup differ and no third figure says which is right.</summary>
    LogAndRollupDiffer,
}

/// <summary>One difference, by the hour, day or period that begins at <paramref name="At"/>.</summary>
public sealed record ReconciliationDifference(Guid SubscriptionId, DateTimeOffset At, ReconciliationFinding Finding, string Detail);

/// <summary>A journal whose node did not answer: what it holds beyond <paramref name="SeenAt"/> is not in any figure.</summary>
public sealed record UnsettledJournal(Guid JournalId, string Node, DateTimeOffset SeenAt);

public sealed record ReconciliationReport(
    DateTimeOffset From, DateTimeOffset To, IReadOnlyList<ReconciliationRow> Rows, IReadOnlyList<ReconciliationDifference> Differences,
    IReadOnlyList<UnsettledJournal> Unsettled, IReadOnlyList<string> Notes)
{
    public bool Balanced => Differences.Count == 0;

    public bool Settled => Unsettled.Count == 0;

    /// <summary>The table and what was found, for a terminal.</summary>
    public string ToText()
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"Billable requests from {From:u} to {To:u}");
        text.AppendLine(CultureInfo.InvariantCulture, $"{"subscription",-32}{"gateway",12}{"unsealed",10}{"log",12}{"hourly",12}{"daily",12}{"period",12}  verdict");
        foreach (var row in Rows)
            text.AppendLine(CultureInfo.InvariantCulture,
                $"{TypeId.Format("sub", row.SubscriptionId),-32}{row.Gateway,12}{row.Unsealed,10}{row.Log,12}{row.Hourly,12}{Or(row.Daily),12}{Or(row.Period),12}"
                + $"  {(row.Balanced ? "equal" : "DIFFERENT")}");
        if (Rows.Count == 0)
            text.AppendLine("no usage");
        foreach (var difference in Differences)
            text.AppendLine(CultureInfo.InvariantCulture, $"{TypeId.Format("sub", difference.SubscriptionId)} {difference.At:u} {difference.Finding}: {difference.Detail}");
        foreach (var journal in Unsettled)
            text.AppendLine(CultureInfo.InvariantCulture, $"unsettled: journal {journal.JournalId} of {journal.Node} did not answer, last seen {journal.SeenAt:u}");
        foreach (var note in Notes)
            text.AppendLine(note);
        return text.ToString();
    }

    private static string Or(decimal? amount) => amount?.ToString("0.##", CultureInfo.InvariantCulture) ?? "-";
}
