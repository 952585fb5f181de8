namespace Tollgate.Gateway.OpenApi;

/// <summary>Collects findings, the most severe first, and keeps only so many: a document with a thousand faults tells no more than one with two hundred.</summary>
internal sealed class Findings
{
    public const int Maximum = 200;

    private static readonly FindingSeverity[] Order = [FindingSeverity.Error, FindingSeverity.Warning, FindingSeverity.Info];

    private readonly Dictionary<FindingSeverity, List<Finding>> _kept = Order.ToDictionary(severity => severity, _ => new List<Finding>());
    private int _count;

    public void Error(string path, int? line, string message) => Add(new Finding(FindingSeverity.Error, path, line, message));

    public void Warning(string path, int? line, string message) => Add(new Finding(FindingSeverity.Warning, path, line, message));

    public void Info(string path, int? line, string message) => Add(new Finding(FindingSeverity.Info, path, line, message));

    public IReadOnlyList<Finding> ToList()
    {
        var shown = Order.SelectMany(severity => _kept[severity]).Take(Maximum).ToList();
        if (_count > shown.Count)
            shown.Add(new Finding(FindingSeverity.Info, "", null, $"{_count - shown.Count:N0} more findings are not shown."));
        return shown;
    }

    private void Add(Finding finding)
    {
        _count++;
        if (_kept[finding.Severity].Count < Maximum)
            _kept[finding.Severity].Add(finding with { Message = Plain.Text(finding.Message, 500)!, Path = Plain.Text(finding.Path, 2000)! });
    }
}
