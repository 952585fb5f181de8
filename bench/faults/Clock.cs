using Tollgate.Host.Tests.Faults;
using Tollgate.TestKit;

namespace Faults;

/// <summary>A clock that jumps, for the program and its PostgreSQL, by the library libfaketime (Debian: libfaketime). The monotonic clock goes on as it does on a real machine.</summary>
internal sealed class Clock : Setup
{
    private static readonly string[] Libraries =
    [
        "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1", "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1", "/usr/lib/faketime/libfaketimeMT.so.1",
    ];

    private readonly string _file = Path.Combine(Path.GetTempPath(), $"tollgate-clock-{Environment.ProcessId}");
    private readonly Dictionary<string, string?> _settings;

    private Clock(string library)
    {
        _settings = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["LD_PRELOAD"] = library,
            ["FAKETIME_TIMESTAMP_FILE"] = _file,
            ["FAKETIME_CACHE_DURATION"] = "1",
            ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
        };
        Faults = [Jump(45 * 60), Jump(30 * 60), Jump(35 * 60), Jump(26 * 3600), Jump(ToNextMonth()) with { Name = "clock jumps into the next month" }];
    }

    public override int Share => 7;

    /// <summary>Forward and back, over an hour's end, a day's and a month's.</summary>
    public override IReadOnlyList<Fault> Faults { get; }

    public static IEnumerable<Setup> Find()
    {
        if (Array.Find(Libraries, File.Exists) is { } library)
            return [new Clock(library)];
        Console.WriteLine("libfaketime is not installed: no round with a clock that jumps.");
        return [];
    }

    public override Task<Lab> StartAsync(int seed)
    {
        File.WriteAllText(_file, "+0\n");
        return Lab.StartAsync(seed, _settings);
    }

    public override ValueTask EndAsync()
    {
        File.Delete(_file);
        return ValueTask.CompletedTask;
    }

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

    private static int ToNextMonth()
    {
        var now = TimeProvider.System.GetUtcNow();
        var next = new DateTimeOffset(now.Year, now.Month, 1, 0, 1, 0, TimeSpan.Zero).AddMonths(1);
        return (int)(next - now).TotalSeconds;
    }

    private static async Task<DateTimeOffset> ProgramTimeAsync(HttpClient http)
    {
        using var response = await http.GetAsync("/_api/readyz");
        return response.Headers.Date ?? default;
    }
}
