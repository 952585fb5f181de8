using System.Text.Json;
using Tollgate.Foundation;

namespace Tollgate.Metering.Reports;

/// <summary>The events of one request and what has been found about each so far.</summary>
internal sealed class ReportVerdicts
{
    private readonly ReportVerdictResponse[] _verdicts;
    private readonly Dictionary<(Guid, string), AdmittedReport> _first = [];
    private readonly List<(int Index, AdmittedReport Report)> _waiting = [];

    public ReportVerdicts(IReadOnlyList<JsonElement> items)
    {
        _verdicts = new ReportVerdictResponse[items.Count];
        var readable = new List<(int, ReportedEvent)>(items.Count);
        for (var i = 0; i < items.Count; i++)
        {
            var errors = new Errors();
            var reported = CloudEventReader.Read(items[i], errors);
            _verdicts[i] = new ReportVerdictResponse(CloudEventReader.Text(items[i], "id"), CloudEventReader.Text(items[i], "source"), ReportStatus.Accepted);
            if (reported is not null)
                readable.Add((i, reported));
            else
                _verdicts[i] = _verdicts[i] with { Status = ReportStatus.Rejected, Code = "EVENT_INVALID", Detail = "The event has a field that cannot be accepted.", Errors = errors.Items };
        }
        Readable = readable;
    }

    public IReadOnlyList<(int Index, ReportedEvent Event)> Readable { get; }

    /// <summary>One for each key, the first.</summary>
    public IReadOnlyCollection<AdmittedReport> Admitted => _first.Values;

    public void Reject(int index, Rejection why) => _verdicts[index] = _verdicts[index] with { Status = ReportStatus.Rejected, Code = why.Code, Detail = why.Detail };

    public void Admit(int index, AdmittedReport report)
    {
        _first.TryAdd(ReportClaims.KeyOf(report), report);
        _waiting.Add((index, report));
    }

    /// <summary>What the database has said of them.</summary>
    public void Settle(ReportClaims claims)
    {
        foreach (var (index, report) in _waiting)
        {
            var first = _first[ReportClaims.KeyOf(report)];
            var same = ReferenceEquals(first, report) || first.Content.AsSpan().SequenceEqual(report.Content);
            if (claims.IsFresh(report) ? !same : !claims.IsSame(report))
                Reject(index, Rejection.IdReused);
            else if (!claims.IsFresh(report) || !ReferenceEquals(first, report))
                _verdicts[index] = _verdicts[index] with { Status = ReportStatus.Duplicate };
        }
    }

    public IReadOnlyList<ReportVerdictResponse> ToResponses() => _verdicts;
}
