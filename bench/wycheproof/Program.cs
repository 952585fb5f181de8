using System.Text.Json;
using Tollgate.Wycheproof;

// Every token of every json_web_*_test.json of a folder, against the program's verifier. Prints a table and each wrong verdict; 1 if there is one.
if (args is not [{ } folder] || !Directory.Exists(folder))
{
    Console.Error.WriteLine("usage: wycheproof FOLDER");
    return 2;
}

var tally = new Tally();
foreach (var file in Directory.EnumerateFiles(folder, "json_web_*_test.json").Order(StringComparer.Ordinal))
{
    using var document = JsonDocument.Parse(await File.ReadAllBytesAsync(file).ConfigureAwait(false));
    var name = Path.GetFileName(file);
    var tests = 0;
    foreach (var group in document.RootElement.GetProperty("testGroups").EnumerateArray())
        tests += Judge.Group(name, group, tally);
    if (tests != document.RootElement.GetProperty("numberOfTests").GetInt32())
        tally.Wrong($"{name}: {tests} tests were run, the file says that it has {document.RootElement.GetProperty("numberOfTests").GetInt32()}");
}
return tally.Report(Console.Out) ? 0 : 1;
