using Tollgate.Host.Tests.Faults;
using Tollgate.TestKit;

namespace Faults;

/// <summary>A clock that jumps, for the program and its PostgreSQL, by the library libfaketime (Debian: libfaketime). The monotonic clock goes on as it does on a real machine.</summary>
internal sealed class Clock : IDisposable
{
    private static readonly string[] Libraries =
    [
        "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1", "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1", "/usr/lib/faketime/libfaketimeMT.so.1",
    ];

    private readonly string _file = Path.Combine(Path.GetTempPath(), $"tollgate-clock-{Environment.ProcessId}");

    private Clock(string library)
    {
        File.WriteAllText(_file, "+0\n");
        Settings = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["LD_PRELOAD"] = library,
            ["FAKETIME_TIMESTAMP_FILE"] = _file,
            ["FAKETIME_CACHE_DURATION"] = "1",
            ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
        };
        Faults = [Jump(45 * 60), Jump(30 * 60), Jump(35 * 60), Jump(26 * 3600)];
    }

    public Dictionary<string, string?> Settings { get; }

    /// <summary>Forward and back, over an hour's end, and over a day's.</summary>
    public IReadOnlyList<Fault> Faults { get; }

    public static Clock? Find()
    {
        if (Array.Find(Libraries, File.Exists) is { } library)
            return new Clock(library);
        Console.WriteLine("libfaketime is not installed: no round with a clock that jumps.");
        return null;
    }

    public void Dispose() => File.Delete(_file);

    // To so many seconds ahead of the true time: what was further ahead before jumps back.
    private Fault Jump(int seconds) => new($"clock jumps to +{seconds / 60} min", async (lab, _) =>
    {
        await File.WriteAllTextAsync(_file, $"+{seconds}\n");
        // A jump that nobody saw would prove nothing.
        using var http = RunningProgram.NewClient(lab.Program.Control);
        while (await ProgramTimeAsync(http) - TimeProvider.System.GetUtcNow() is var ahead && Math.Abs(ahead.TotalSeconds - seconds) > 60)
            await Task.Delay(100);
        await lab.PauseAsync(500, 1500);
    });

    private static async Task<DateTimeOffset> ProgramTimeAsync(HttpClient http)
    {
        using var response = await http.GetAsync("/_api/readyz");
        return response.Headers.Date ?? default;
    }
}
