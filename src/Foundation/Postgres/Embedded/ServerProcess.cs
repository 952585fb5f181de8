using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Tollgate.Foundation.Postgres.Embedded;

/// <summary>
/// The running server. One thread starts it, waits for its end and starts it again until it is stopped: the system ties the server's life to the thread
/// that started it, so that must be one that lives as long as the program.
/// </summary>
internal sealed class ServerProcess(Func<ProcessStartInfo> command, ILogger logger) : IDisposable
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly StringBuilder _said = new();
    private readonly ManualResetEventSlim _stop = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Process? _process;
    private int _starts;

    public int? ProcessId => _process?.Id;

    /// <summary>How often it was started.</summary>
    public int Starts => Volatile.Read(ref _starts);

    /// <summary>The last of what the server wrote, to explain why it does not start.</summary>
    public string Said
    {
        get
        {
            lock (_said)
                return _said.ToString();
        }
    }

    public void Dispose() => _stop.Dispose();

    public void Start() => new Thread(KeepRunning) { IsBackground = true, Name = "PostgreSQL" }.Start();

    /// <summary>Fast shutdown: open transactions are rolled back, what was committed is on disk. Harder when it takes too long.</summary>
    public async Task StopAsync(int signal, TimeSpan patience)
    {
        _stop.Set();
        if (_process is { } process)
            Native.Signal(process.Id, signal);
        try
        {
            await _ended.Task.WaitAsync(patience).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            logger.LogWarning("PostgreSQL did not stop within {Seconds} s and is stopped hard; it recovers at the next start", patience.TotalSeconds);
            if (_process is { } slow)
                Native.Signal(slow.Id, Native.Quit);
            await _ended.Task.WaitAsync(patience).ConfigureAwait(false);
        }
    }

    private void KeepRunning()
    {
        var pause = TimeSpan.FromMilliseconds(100);
        while (!_stop.IsSet)
        {
            var watch = Stopwatch.StartNew();
            RunOnce();
            if (_stop.IsSet)
                break;
            pause = watch.Elapsed > TimeSpan.FromMinutes(1) ? TimeSpan.FromMilliseconds(100) : TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, LongestPause.Ticks));
            logger.LogError("PostgreSQL ended by itself; it is started again. It said: {Said}", Said);
            _stop.Wait(pause);
        }
        _ended.TrySetResult();
    }

    private void RunOnce()
    {
        try
        {
            using var process = Process.Start(command())!;
            process.StandardInput.Close();
            process.OutputDataReceived += (_, line) => Keep(line.Data);
            process.ErrorDataReceived += (_, line) => Keep(line.Data);
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            _process = process;
            Interlocked.Increment(ref _starts);
            // A stop that came while it was starting has found no process to signal.
            if (_stop.IsSet)
                Native.Signal(process.Id, Native.Interrupt);
            // Not WaitForExit(): that waits for the end of the output too, which an orphaned child holds open.
            while (!process.WaitForExit(TimeSpan.FromMinutes(10)))
            {
            }
        }
        catch (Exception failed)
        {
            Keep(failed.Message);
        }
        finally
        {
            _process = null;
        }
    }

    private void Keep(string? line)
    {
        if (string.IsNullOrWhiteSpace(line))
            return;
        lock (_said)
        {
            _said.AppendLine(line);
            if (_said.Length > 4000)
                _said.Remove(0, _said.Length - 4000);
        }
    }
}
