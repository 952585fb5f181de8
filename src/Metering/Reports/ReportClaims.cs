namespace Tollgate.Metering.Reports;

internal sealed class ClaimRow
{
    public Guid OrganizationId { get; init; }

    public byte[] EventKey { get; init; } = [];

    public byte[] Content { get; init; } = [];
}

/// <summary>Which events of a batch are claimed by it, and what is known of the others.</summary>
internal sealed class ReportClaims
{
    private readonly HashSet<(Guid, string)> _fresh = [];
    private readonly Dictionary<(Guid, string), byte[]> _known = [];

    public void AddFresh(IEnumerable<ClaimRow> rows) => _fresh.UnionWith(rows.Select(KeyOf));

    public void AddKnown(IEnumerable<ClaimRow> rows)
    {
        foreach (var row in rows)
            _known[KeyOf(row)] = row.Content;
    }

    public bool IsFresh(AdmittedReport report) => _fresh.Contains(KeyOf(report));

    public bool IsSame(AdmittedReport report) => _known.TryGetValue(KeyOf(report), out var content) && content.AsSpan().SequenceEqual(report.Content);

    public static (Guid, string) KeyOf(AdmittedReport report) => (report.Subject.ProviderOrganizationId, Convert.ToHexString(report.Key));

    private static (Guid, string) KeyOf(ClaimRow row) => (row.OrganizationId, Convert.ToHexString(row.EventKey));
}
