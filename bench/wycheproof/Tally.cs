namespace Tollgate.Wycheproof;

internal enum Verdict
{
    Accepted,
    Refused,
    NotOurs,
    WronglyAccepted,
    WronglyRefused,
}

/// <summary>Counts verdicts by file and by the algorithm that the token names.</summary>
internal sealed class Tally
{
    private readonly SortedDictionary<(string File, string Algorithm), int[]> _rows = [];
    private readonly List<string> _wrong = [];
    private readonly List<string> _errata = [];
    private int _forms;

    public void Wrong(string what) => _wrong.Add(what);

    public void Add(string file, string algorithm, Verdict verdict, string test)
    {
        if (!_rows.TryGetValue((file, algorithm), out var row))
            _rows[(file, algorithm)] = row = new int[Enum.GetValues<Verdict>().Length];
        row[(int)verdict]++;
        if (verdict is Verdict.WronglyAccepted or Verdict.WronglyRefused)
            Wrong($"{test}: {verdict}");
    }

    public void AddForm((bool Right, string? Erratum) verdict, string test)
    {
        _forms++;
        if (!verdict.Right)
            Wrong($"{test}: the parser's verdict is {(verdict.Erratum is null ? "wrong" : "the collection's, which is no longer an erratum")}");
        else if (verdict.Erratum is not null)
            _errata.Add($"{test}: {verdict.Erratum}");
    }

    /// <summary>True when there were tests and every verdict is right.</summary>
    public bool Report(TextWriter output)
    {
        output.WriteLine($"{"file",-31} {"algorithm",-10} {"accepted",9} {"refused",9} {"not ours",9} {"wrong",6}");
        foreach (var ((file, algorithm), row) in _rows)
            output.WriteLine($"{file,-31} {algorithm,-10} {row[0],9} {row[1],9} {row[2],9} {row[3] + row[4],6}");
        output.WriteLine("not ours: valid, but of an algorithm that the program does not have, and so refused");
        foreach (var erratum in _errata)
            output.WriteLine($"erratum  {erratum}");
        foreach (var wrong in _wrong)
            output.WriteLine($"WRONG    {wrong}");
        var tests = _rows.Values.Sum(row => row.Sum());
        output.WriteLine($"{tests} tokens; {_forms} of HS256 taken apart by the program too, {_errata.Count} errata of the collection; {_wrong.Count} wrong verdicts");
        return tests > 0 && _wrong.Count == 0;
    }
}
