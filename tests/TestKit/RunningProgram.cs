using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Tollgate.Foundation.Postgres.Embedded;

namespace Tollgate.TestKit;

/// <summary>The real program as a process of its own, with its embedded cluster, on free ports of this machine. It can be killed and started again on the same data.</summary>
public sealed class RunningProgram : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(60);
    private readonly StringBuilder _output = new();
    private readonly Dictionary<string, string?> _settings;
    private readonly bool _ownsData;
    private Process? _process;

    private RunningProgram(string data, bool ownsData, IReadOnlyDictionary<string, string?>? settings)
    {
        Data = data;
        // The server's user must be able to pass: the cluster would go elsewhere, and stay there.
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(data, (UnixFileMode)0b111_001_001);
        _ownsData = ownsData;
        Control = new Uri($"http://127.0.0.1:{FreePort.Take()}");
        Gateway = new Uri($"http://127.0.0.1:{FreePort.Take()}");
        _settings = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Data__Directory"] = data,
            ["Control__Url"] = Control.ToString(),
            ["Gateway__Url"] = Gateway.ToString(),
            ["Gateway__PublicUrl"] = Gateway.ToString().TrimEnd('/'),
            ["Gateway__AllowPrivateUpstreams"] = "true",
            ["Demo__Seed"] = "false",
            ["Mail__ShowLocally"] = "true",
            // It writes the first ones whole, and syncs them, before it serves; and small ones are full sooner.
            ["Journal__SegmentBytes"] = "8388608",
        };
        foreach (var (name, value) in settings ?? new Dictionary<string, string?>(StringComparer.Ordinal))
            _settings[name] = value;
    }

    public string Data { get; }

    public Uri Control { get; }

    public Uri Gateway { get; }

    public int ProcessId => _process?.Id ?? throw new InvalidOperationException("The program does not run.");

    /// <summary>Everything that it has printed so far, over all its starts.</summary>
    public string Output
    {
        get
        {
            lock (_output)
                return _output.ToString();
        }
    }

    /// <summary>Starts it and waits until it is ready.</summary>
    /// <param name="settings">Beside those that every program of a test has.</param>
    /// <param name="fromNothing">It makes its cluster itself, as on its first day; else it gets a copy of one that is made.</param>
    public static async Task<RunningProgram> StartAsync(IReadOnlyDictionary<string, string?>? settings = null, bool fromNothing = false)
    {
        var program = Prepared(settings);
        if (fromNothing)
        {
            program.LaunchAgain();
            await program.UntilReadyAsync().ConfigureAwait(false);
        }
        else
            await program.StartAgainAsync().ConfigureAwait(false);
        return program;
    }

    /// <summary>A data folder and free ports; nothing is started.</summary>
    /// <param name="settings">Beside those that every program of a test has.</param>
    /// <param name="parent">Where the data folder is made.</param>
    public static RunningProgram Prepared(IReadOnlyDictionary<string, string?>? settings = null, string? parent = null) =>
        new(parent is null ? Directory.CreateTempSubdirectory("tollgate-program-").FullName : Directory.CreateDirectory(Path.Combine(parent, "tollgate-program")).FullName, ownsData: true, settings);

    /// <summary>Starts it and waits for nothing.</summary>
    public static RunningProgram Launched(IReadOnlyDictionary<string, string?>? settings = null)
    {
        var program = Prepared(settings);
        program._process = program.Launch();
        return program;
    }

    /// <summary>A setting for the starts to come; null takes it away.</summary>
    public void Set(string name, string? value) => _settings[name] = value;

    /// <summary>What readiness says, in words.</summary>
    public async Task<string> ReadinessAsync()
    {
        using var http = NewClient(Control);
        using var response = await http.GetAsync("/_api/readyz").ConfigureAwait(false);
        return await response.Content.ReadAsStringAsync().ConfigureAwait(false);
    }

    /// <summary>Starts it again and waits for nothing.</summary>
    public void LaunchAgain() => _process = Launch();

    public async Task StartAgainAsync()
    {
        await HaveClusterAsync().ConfigureAwait(false);
        LaunchAgain();
        await UntilReadyAsync().ConfigureAwait(false);
    }

    /// <summary>Gives it a copy of a cluster that is made, unless it has one: to make its own costs a start some seconds.</summary>
    public async Task HaveClusterAsync()
    {
        if (!_settings.ContainsKey("ConnectionStrings__Tollgate") && !Directory.Exists(Path.Combine(Data, ClusterTemplate.Folder)))
            await ClusterTemplate.CopyToAsync(Data).ConfigureAwait(false);
    }

    /// <summary>Starts it where it cannot start, and waits for its end.</summary>
    public async Task<int> StartInVainAsync()
    {
        _process = Launch();
        await _process.WaitForExitAsync().WaitAsync(StartLimit).ConfigureAwait(false);
        return _process.ExitCode;
    }

    public async Task UntilItSaysAsync(string text)
    {
        for (var watch = Stopwatch.StartNew(); !Output.Contains(text, StringComparison.Ordinal);)
        {
            if (_process!.HasExited || watch.Elapsed > StartLimit)
                throw new TimeoutException($"The program did not say '{text}':\n{Output}");
            await Task.Delay(50).ConfigureAwait(false);
        }
    }

    public async Task<bool> IsReadyAsync()
    {
        using var http = NewClient(Control);
        return await IsReadyAsync(http).ConfigureAwait(false);
    }

    public async Task UntilReadyAsync()
    {
        using var http = NewClient(Control);
        var watch = Stopwatch.StartNew();
        while (!await IsReadyAsync(http).ConfigureAwait(false))
        {
            if (_process!.HasExited)
                throw new InvalidOperationException($"The program ended with {_process.ExitCode}:\n{Output}");
            if (watch.Elapsed > StartLimit)
                throw new TimeoutException($"The program was not ready in {StartLimit.TotalSeconds} s:\n{Output}");
            await Task.Delay(50).ConfigureAwait(false);
        }
    }

    /// <summary>kill -9: it gets no chance to do anything.</summary>
    public async Task KillAsync()
    {
        _process!.Kill(entireProcessTree: false);
        await _process.WaitForExitAsync().ConfigureAwait(false);
    }

    /// <summary>SIGTERM, and wait for the clean end.</summary>
    public async Task<int> StopAsync()
    {
        using (var kill = Process.Start("kill", ["-TERM", $"{ProcessId}"]))
            await kill.WaitForExitAsync().ConfigureAwait(false);
        await _process!.WaitForExitAsync().WaitAsync(StopLimit).ConfigureAwait(false);
        return _process.ExitCode;
    }

    /// <summary>Runs a command of the program (`reconcile`, …) beside it, with the same settings.</summary>
    public Task<(int ExitCode, string Output)> CommandAsync(params string[] arguments) => CommandAsync(new Dictionary<string, string?>(StringComparer.Ordinal), arguments);

    /// <summary>The same with some settings of its own; null takes one away.</summary>
    public async Task<(int ExitCode, string Output)> CommandAsync(IReadOnlyDictionary<string, string?> settings, params string[] arguments)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var start = StartInfo(arguments);
        foreach (var (name, value) in settings)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(StartLimit).ConfigureAwait(false);
        return (process.ExitCode, await output.ConfigureAwait(false) + await errors.ConfigureAwait(false));
    }

    /// <summary>Signs in and opens the link that was mailed to a new account, as the person would.</summary>
    public async Task VerifyEmailAsync(string email, string password)
    {
        using var http = NewClient(Control);
        using var session = JsonDocument.Parse(await PostAsync(http, "/auth/login", JsonSerializer.Serialize(new { email, password })).ConfigureAwait(false));
        http.DefaultRequestHeaders.Authorization = new("Bearer", session.RootElement.GetProperty("access_token").GetString());
        await VerifyEmailAsync(email, http).ConfigureAwait(false);
    }

    /// <summary>The same by a client that is signed in.</summary>
    public async Task VerifyEmailAsync(string email, HttpClient signedIn)
    {
        const string link = "/verify-email#";
        var mail = await MailAsync(email, link).ConfigureAwait(false);
        var token = mail[(mail.IndexOf(link, StringComparison.Ordinal) + link.Length)..].Split('\r', '\n')[0];
        await PostAsync(signedIn, "/auth/verify-email", JsonSerializer.Serialize(new { token })).ConfigureAwait(false);
    }

    private static async Task<string> PostAsync(HttpClient http, string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync(path, content).ConfigureAwait(false);
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadAsStringAsync().ConfigureAwait(false);
    }

    /// <summary>The text of the newest mail to this address that contains this; waits for it.</summary>
    public async Task<string> MailAsync(string email, string containing)
    {
        using var http = NewClient(Control);
        for (var watch = Stopwatch.StartNew(); ; await Task.Delay(20).ConfigureAwait(false))
        {
            var texts = await MailsAsync(http, $"?to={Uri.EscapeDataString(email)}").ConfigureAwait(false);
            if (texts.Find(text => text.Contains(containing, StringComparison.Ordinal)) is { } found)
                return found;
            if (watch.Elapsed > StopLimit)
                throw new TimeoutException($"No mail with '{containing}' came to {email}, but {texts.Count} others.");
        }
    }

    private static async Task<List<string>> MailsAsync(HttpClient http, string query)
    {
        using var mails = JsonDocument.Parse(await http.GetStringAsync($"/_api/mails{query}").ConfigureAwait(false));
        var texts = mails.RootElement.GetProperty("data").EnumerateArray().Select(mail => mail.GetProperty("text").GetString()!).ToList();
        texts.ForEach(HandedOut.RememberMail);
        return texts;
    }

    // Also those that no test has read.
    private async Task RememberMailsAsync()
    {
        try
        {
            using var http = NewClient(Control);
            await MailsAsync(http, "").ConfigureAwait(false);
        }
        catch (Exception noMails) when (noMails is HttpRequestException or JsonException or TaskCanceledException)
        {
            // It answers nobody any more, or shows no mails.
        }
    }

    /// <summary>Its own database, as a superuser whom row-level security does not bind. The program must be running.</summary>
    public async Task<NpgsqlDataSource> OpenDatabaseAsync()
    {
        var cluster = new EmbeddedCluster(new ClusterOptions(Data), NullLogger.Instance);
        await using (cluster.ConfigureAwait(false))
        {
            await cluster.StartAsync(attach: true, CancellationToken.None).ConfigureAwait(false);
            return NpgsqlDataSource.Create(cluster.ConnectionString(ClusterRoles.Superuser));
        }
    }

    public static HttpClient NewClient(Uri address, int connections = 64) => new(new WatchedAnswers(new SocketsHttpHandler
    {
        MaxConnectionsPerServer = connections,
        UseCookies = false,
        AllowAutoRedirect = false,
        UseProxy = false,
    }))
    { BaseAddress = address, Timeout = TimeSpan.FromSeconds(60) };

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            await RememberMailsAsync().ConfigureAwait(false);
            try
            {
                await StopAsync().ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                await KillAsync().ConfigureAwait(false);
            }
        }
        _process?.Dispose();
        if (_ownsData)
            Directory.Delete(Data, recursive: true);
        SecretsInLogs.Refuse(Output);
    }

    private Process Launch()
    {
        var process = new Process { StartInfo = StartInfo([]) };
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private ProcessStartInfo StartInfo(string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "tollgate.dll"), .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Data,
        };
        foreach (var (name, value) in _settings)
            start.Environment[name] = value;
        return start;
    }

    private void Keep(string? line)
    {
        if (line is null)
            return;
        lock (_output)
            _output.AppendLine(line);
    }

    private static async Task<bool> IsReadyAsync(HttpClient http)
    {
        try
        {
            using var response = await http.GetAsync("/_api/readyz").ConfigureAwait(false);
            return response.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
