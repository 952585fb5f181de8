using System.Diagnostics;
using System.Globalization;
using Tollgate.Foundation;
using Tollgate.Foundation.Redis;

namespace Tollgate.TestKit;

/// <summary>A real redis-server of a test's own: a free port, a folder of its own, nothing saved. It can be killed, frozen and started again.</summary>
public sealed class TestRedis : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);
    private readonly string _folder = Directory.CreateTempSubdirectory("tollgate-redis-").FullName;
    private readonly int _port = FreePort.Take();
    private readonly string[] _arguments;
    private readonly RedisServer _client;
    private Process? _process;

    private TestRedis(Func<TestRedis, string[]> arguments, Func<RedisSettings, RedisSettings> client)
    {
        _arguments = arguments(this);
        _client = new RedisServer(client(new RedisSettings([new RedisAddress("127.0.0.1", _port)], TimeSpan.FromSeconds(5))));
    }

    /// <summary>Without a user.</summary>
    public string Url => $"redis://{Address}";

    public string Address => $"127.0.0.1:{_port.ToString(CultureInfo.InvariantCulture)}";

    public static Task<TestRedis> StartAsync() => StartAsync(new TestRedis(redis => ["--port", redis.Port], settings => settings));

    /// <summary>A server that speaks TLS only, asks its clients for a certificate, and lets one user in, with the rights that are given.</summary>
    public static Task<TestRedis> StartSecureAsync(TestCertificate certificate, string user, string password, string rights)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        return StartAsync(new TestRedis(redis =>
        {
            certificate.WriteTo(redis._folder);
            var (shown, key) = (Path.Combine(redis._folder, "cert.pem"), Path.Combine(redis._folder, "key.pem"));
            return ["--port", "0", "--tls-port", redis.Port, "--tls-cert-file", shown, "--tls-key-file", key, "--tls-ca-cert-file", shown, "--tls-auth-clients", "yes",
                "--user", "default", "on", "nopass", "~*", "+@all", "--user", user, "on", $">{password}", .. rights.Split(' ')];
        }, settings => settings with { Tls = true, Authorities = [certificate.ForServer()], Certificate = certificate.ForServer() }));
    }

    /// <summary>From here on it follows another one; null: it is a primary, with what it has.</summary>
    public async Task FollowAsync(TestRedis? primary)
    {
        using var cli = Process.Start(new ProcessStartInfo("redis-cli", ["-p", Port, "REPLICAOF", .. primary is null ? ["NO", "ONE"] : (string[])["127.0.0.1", primary.Port]])
        { UseShellExecute = false, RedirectStandardOutput = true })!;
        await cli.WaitForExitAsync().ConfigureAwait(false);
    }

    private string Port => _port.ToString(CultureInfo.InvariantCulture);

    private static async Task<TestRedis> StartAsync(TestRedis redis)
    {
        await redis.StartAgainAsync().ConfigureAwait(false);
        return redis;
    }

    /// <summary>On the same port, with an empty memory or what was saved.</summary>
    public async Task StartAgainAsync()
    {
        _process = Process.Start(new ProcessStartInfo("redis-server",
            [.. _arguments, "--bind", "127.0.0.1", "--dir", _folder, "--save", "", "--appendonly", "no", "--daemonize", "no", "--loglevel", "warning", "--enable-debug-command", "yes"])
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
}
