using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Tollgate.Foundation;
using Tollgate.Foundation.Redis;

namespace Tollgate.TestKit;

/// <summary>A real redis-server of a test's own: a free port, a folder of its own, nothing saved. It can be killed, frozen and started again.</summary>
public sealed class TestRedis : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);
    private readonly string _folder = Directory.CreateTempSubdirectory("tollgate-redis-").FullName;
    private readonly int _port = FreePort();
    private readonly RedisServer _client;
    private Process? _process;

    private TestRedis() => _client = new RedisServer(new RedisSettings("127.0.0.1", _port, null, 0, false, TimeSpan.FromSeconds(5)));

    public string Url => $"redis://127.0.0.1:{_port.ToString(CultureInfo.InvariantCulture)}";

    public static async Task<TestRedis> StartAsync()
    {
        var redis = new TestRedis();
        await redis.StartAgainAsync().ConfigureAwait(false);
        return redis;
    }

    /// <summary>On the same port, with an empty memory or what was saved.</summary>
    public async Task StartAgainAsync()
    {
        _process = Process.Start(new ProcessStartInfo("redis-server",
            ["--port", $"{_port}", "--bind", "127.0.0.1", "--dir", _folder, "--save", "", "--appendonly", "no", "--daemonize", "no", "--loglevel", "warning", "--enable-debug-command", "yes"])
        { UseShellExecute = false, RedirectStandardOutput = true });
        var watch = Stopwatch.StartNew();
        while (!await AnswersAsync().ConfigureAwait(false))
        {
            if (_process!.HasExited || watch.Elapsed > StartLimit)
                throw new InvalidOperationException("redis-server did not start.");
            await Task.Delay(20).ConfigureAwait(false);
        }
    }

    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync().ConfigureAwait(false);
    }

    /// <summary>SIGSTOP: connections stay, nobody answers.</summary>
    public Task FreezeAsync() => SignalAsync("STOP");

    public Task ThawAsync() => SignalAsync("CONT");

    public Task FlushAsync() => _client.TextAsync("FLUSHALL");

    /// <summary>So many scripts were run since the server started.</summary>
    public async Task<long> ScriptCallsAsync()
    {
        var text = await _client.TextAsync("INFO", "commandstats").ConfigureAwait(false) ?? "";
        var line = text.Split('\n').FirstOrDefault(found => found.StartsWith("cmdstat_evalsha:", StringComparison.Ordinal));
        return line is null ? 0 : long.Parse(line.Split("calls=")[1].Split(',')[0], CultureInfo.InvariantCulture);
    }

    public Task<string?> TextAsync(string command, params object[] arguments) => _client.TextAsync(command, arguments);

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        if (_process is { HasExited: false })
            await KillAsync().ConfigureAwait(false);
        _process?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            return await _client.TextAsync("PING").ConfigureAwait(false) == "PONG";
        }
        catch (RedisUnavailableException)
        {
            return false;
        }
    }

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{_process!.Id}"]);
        await kill.WaitForExitAsync().ConfigureAwait(false);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
