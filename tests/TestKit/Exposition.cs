using System.Globalization;
using System.Text;

namespace Tollgate.TestKit;

/// <summary>
/// A page of metrics as a strict reader takes it, in the text format 0.0.4 or in OpenMetrics: whatever is not as the format says is an error, also where scrapers
/// would forgive it.
/// </summary>
public sealed class Exposition
{
    private readonly Dictionary<string, Family> _families = new(StringComparer.Ordinal);
    private readonly HashSet<string> _series = new(StringComparer.Ordinal);
    private readonly bool _open;
    private Family? _current;

    private Exposition(bool open) => _open = open;

    public IReadOnlyDictionary<string, Family> Families => _families;

    public static Exposition Parse(string text, bool openMetrics = false)
    {
        ArgumentNullException.ThrowIfNull(text);
        var page = new Exposition(openMetrics);
        Require(text.EndsWith('\n'), "the last line has no end");
        Require(!text.Contains('\r', StringComparison.Ordinal), "a carriage return");
        var lines = text[..^1].Split('\n');
        if (openMetrics)
        {
            Require(lines[^1] == "# EOF", "no # EOF at the end");
            lines = lines[..^1];
        }
        foreach (var line in lines)
            page.Take(line);
        foreach (var family in page._families.Values)
            family.Check();
        return page;
    }

    /// <summary>The sample's value; an error when it is not there.</summary>
    public double Value(string sample, params (string Name, string Value)[] labels) =>
        Find(sample, labels) ?? throw new FormatException($"No sample {sample} with {string.Join(", ", labels)}.");

    public double? Find(string sample, params (string Name, string Value)[] labels) =>
        _families.Values.SelectMany(family => family.Samples).Where(one => one.Name == sample && one.Labels.Count == labels.Length
            && labels.All(label => one.Labels.GetValueOrDefault(label.Name) == label.Value)).Select(one => (double?)one.Value).SingleOrDefault();

    /// <summary>Over all series of this name that have these labels among theirs.</summary>
    public double Sum(string sample, params (string Name, string Value)[] labels) =>
        _families.Values.SelectMany(family => family.Samples).Where(one => one.Name == sample && labels.All(label => one.Labels.GetValueOrDefault(label.Name) == label.Value)).Sum(one => one.Value);

    public sealed record Sample(string Name, IReadOnlyDictionary<string, string> Labels, double Value);

    public sealed class Family(string name, string help)
    {
        public string Name { get; } = name;

        public string Help { get; } = help;

        public string Type { get; internal set; } = "";

        public IList<Sample> Samples { get; } = [];

        internal void Check()
        {
            Require(Type.Length > 0, $"{Name} has no type");
            if (Type != "histogram")
                return;
            foreach (var series in Samples.GroupBy(sample => Key(sample.Labels.Where(label => label.Key != "le"))))
                CheckHistogram([.. series]);
        }

        private void CheckHistogram(IReadOnlyList<Sample> series)
        {
            var buckets = series.Where(sample => sample.Name == Name + "_bucket").ToList();
            var bounds = buckets.Select(bucket => Number(bucket.Labels["le"])).ToList();
            Require(bounds.Count > 1 && double.IsPositiveInfinity(bounds[^1]), $"{Name} has no bucket +Inf at its end");
            Require(bounds.SequenceEqual(bounds.Distinct().Order()), $"{Name}'s buckets are not in order");
            Require(buckets.Select(bucket => bucket.Value).SequenceEqual(buckets.Select(bucket => bucket.Value).Order()), $"{Name}'s buckets are not cumulative");
            var count = series.Single(sample => sample.Name == Name + "_count").Value;
            var sum = series.Single(sample => sample.Name == Name + "_sum").Value;
            Require(count == buckets[^1].Value, $"{Name}'s count is not that of its last bucket");
            // Each value lies between the bounds of its bucket, and so does their sum.
            var least = buckets.Zip(bounds).Skip(1).Select((bucket, i) => (bucket.First.Value - buckets[i].Value) * bounds[i]).Sum();
            Require(sum >= least * 0.999, $"{Name}'s sum {sum} is less than its buckets hold at least, {least}");
        }
    }

    private void Take(string line)
    {
        if (line.StartsWith("# HELP ", StringComparison.Ordinal))
        {
            var (name, help) = Split(line["# HELP ".Length..]);
            _current = new Family(name, help);
            Require(_families.TryAdd(name, _current), $"{name} comes twice");
        }
        else if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
        {
            var (name, type) = Split(line["# TYPE ".Length..]);
            Require(_current is { Type: "", Samples.Count: 0 } && _current.Name == name, $"the type of {name} does not follow its help");
            Require(type is "counter" or "gauge" or "histogram", $"{name} is a {type}");
            Require(type != "counter" || _open != name.EndsWith("_total", StringComparison.Ordinal), $"the counter {name}");
            _current!.Type = type;
        }
        else
            TakeSample(line);
    }

    private void TakeSample(string line)
    {
        var sample = Read(line);
        Require(_current is { Type.Length: > 0 }, $"'{line}' stands under no type");
        string[] suffixes = _current!.Type switch
        {
            "histogram" => ["_bucket", "_sum", "_count"],
            "counter" when _open => ["_total"],
            _ => [""],
        };
        Require(suffixes.Any(suffix => sample.Name == _current.Name + suffix), $"'{line}' stands under {_current.Name}");
        Require(_current.Type != "counter" || sample.Value >= 0, $"'{line}' is less than nothing");
        Require(_series.Add($"{sample.Name}{{{Key(sample.Labels)}}}"), $"'{line}' comes twice");
        _current.Samples.Add(sample);
    }

    private static Sample Read(string line)
    {
        var at = 0;
        while (at < line.Length && line[at] is not ('{' or ' '))
            at++;
        var name = line[..at];
        Require(IsName(name), $"'{name}' is no name");
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        if (line[at] == '{')
            at = ReadLabels(line, at + 1, labels);
        Require(line[at] == ' ' && line.IndexOf(' ', at + 1) < 0, $"'{line}' is not one value behind one space");
        return new Sample(name, labels, Number(line[(at + 1)..]));
    }

    // Answers the place behind the closing brace.
    private static int ReadLabels(string line, int at, Dictionary<string, string> labels)
    {
        while (true)
        {
            var equals = line.IndexOf("=\"", at, StringComparison.Ordinal);
            Require(equals > 0 && IsName(line[at..equals]), $"'{line}' has a label without a name");
            var name = line[at..equals];
            var value = new StringBuilder();
            for (at = equals + 2; line[at] != '"'; at++)
                value.Append(line[at] != '\\' ? line[at] : line[++at] switch { 'n' => '\n', '\\' => '\\', '"' => '"', var other => throw new FormatException($"\\{other} in '{line}'") });
            Require(labels.TryAdd(name, value.ToString()), $"'{line}' has {name} twice");
            at++;
            if (line[at] == '}')
                return at + 1;
            Require(line[at++] == ',', $"'{line}' has no comma between labels");
        }
    }

    private static double Number(string text) => text switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        "NaN" => double.NaN,
        _ => double.Parse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture),
    };

    private static (string, string) Split(string rest)
    {
        var space = rest.IndexOf(' ', StringComparison.Ordinal);
        Require(space > 0 && IsName(rest[..space]), $"'{rest}' does not begin with a name");
        return (rest[..space], rest[(space + 1)..]);
    }

    private static bool IsName(string text) => text.Length > 0 && !char.IsAsciiDigit(text[0]) && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or ':');

    private static string Key(IEnumerable<KeyValuePair<string, string>> labels) =>
        string.Join(',', labels.OrderBy(label => label.Key, StringComparer.Ordinal).Select(label => $"{label.Key}={label.Value.Length}:{label.Value}"));

    private static void Require(bool holds, string fault)
    {
        if (!holds)
            throw new FormatException($"No page of metrics: {fault}.");
    }
}
