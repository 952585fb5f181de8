using System.Globalization;
using System.Text;

namespace Tollgate.Foundation;

/// <summary>
/// The page under construction, in Prometheus' text format 0.0.4 or in OpenMetrics 1.0. The two differ in where a counter says <c>_total</c>, in what help escapes, in
/// how a bucket writes a whole number, and in the last line.
/// </summary>
public sealed class MetricPage
{
    private readonly StringBuilder _text = new();
    private readonly bool _open;
    private string _name = "";

    /// <param name="openMetrics">OpenMetrics instead of 0.0.4.</param>
    public MetricPage(bool openMetrics = false) => _open = openMetrics;

    public override string ToString() => _open ? $"{_text}# EOF\n" : _text.ToString();

    /// <summary>One figure that only grows while the program runs. The page adds <c>_total</c> to its name.</summary>
    public void Counter(string name, string help, double value)
    {
        Counters(name, help);
        Add(value);
    }

    /// <summary>Begins a family of counters; <see cref="Add"/> follows for each.</summary>
    public void Counters(string name, string help)
    {
        Begin(_open ? name : name + "_total", "counter", help);
        _name = name + "_total";
    }

    public void Gauge(string name, string help, double value)
    {
        Gauges(name, help);
        Add(value);
    }

    /// <summary>Begins a family of gauges; <see cref="Add"/> follows for each.</summary>
    public void Gauges(string name, string help) => Begin(name, "gauge", help);

    /// <summary>Begins a family of histograms; <see cref="AddHistogram"/> follows for each.</summary>
    public void Histograms(string name, string help) => Begin(name, "histogram", help);

    public void Add(double value, params ReadOnlySpan<(string Name, string Value)> labels) => Sample("", labels, default, value);

    /// <param name="bounds">Upper bounds of the buckets, ascending, without the last one, which has none.</param>
    /// <param name="counts">What each bucket holds by itself; one more than <paramref name="bounds"/>.</param>
    /// <param name="sum">Of all values.</param>
    /// <param name="labels">Beside the bucket's own.</param>
    public void AddHistogram(ReadOnlySpan<double> bounds, ReadOnlySpan<long> counts, double sum, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        var upTo = 0L;
        for (var i = 0; i < counts.Length; i++)
        {
            upTo += counts[i];
            Sample("_bucket", labels, ("le", i < bounds.Length ? Bound(bounds[i]) : "+Inf"), upTo);
        }
        Sample("_sum", labels, default, sum);
        Sample("_count", labels, default, upTo);
    }

    internal int Length
    {
        get => _text.Length;
        set => _text.Length = value;
    }

    private void Begin(string name, string type, string help)
    {
        _name = name;
        _text.Append("# HELP ").Append(name).Append(' ');
        Escape(help, quotes: _open);
        _text.Append("\n# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
    }

    private void Sample(string suffix, ReadOnlySpan<(string Name, string Value)> labels, (string Name, string Value) last, double value)
    {
        _text.Append(_name).Append(suffix);
        var before = '{';
        foreach (var label in labels)
            Label(label, ref before);
        if (last.Name is not null)
            Label(last, ref before);
        if (before == ',')
            _text.Append('}');
        _text.Append(' ').Append(Number(value)).Append('\n');
    }

    private void Label((string Name, string Value) label, ref char before)
    {
        _text.Append(before).Append(label.Name).Append("=\"");
        Escape(label.Value, quotes: true);
        _text.Append('"');
        before = ',';
    }

    private void Escape(string text, bool quotes)
    {
        foreach (var character in text)
            _ = character switch
            {
                '\\' => _text.Append(@"\\"),
                '\n' => _text.Append(@"\n"),
                '"' when quotes => _text.Append("\\\""),
                _ => _text.Append(character),
            };
    }

    private string Bound(double bound) => _open && double.IsInteger(bound) ? Number(bound) + ".0" : Number(bound);

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        _ => value.ToString(CultureInfo.InvariantCulture),
    };
}
