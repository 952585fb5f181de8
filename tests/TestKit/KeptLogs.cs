using System.Text;
using Microsoft.Extensions.Logging;

namespace Tollgate.TestKit;

/// <summary>Everything that a server of a test has logged, down to the level of the program's own logs.</summary>
internal sealed class KeptLogs : ILoggerProvider
{
    private readonly StringBuilder _lines = new();

    public string Text
    {
        get
        {
            lock (_lines)
                return _lines.ToString();
        }
    }

    public ILogger CreateLogger(string categoryName) => new Kept(this, categoryName);

    public void Dispose()
    {
        // Holds nothing.
    }

    private void Keep(string line)
    {
        lock (_lines)
            _lines.AppendLine(line);
    }

    private sealed class Kept(KeptLogs logs, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            logs.Keep($"{logLevel} {category} {formatter(state, exception)} {exception}");
    }
}
