namespace Tollgate.Foundation.Redis;

/// <summary>
/// The primary among the addresses, over one connection that is made when it is first needed, and again when it is lost, has nothing to say for too long, or leads to a
/// server that is no primary any more.
/// </summary>
internal sealed class RedisServer(RedisSettings settings) : IRedis, IDisposable
{
    private readonly Lock _gate = new();
    private readonly TimeSpan _longestSilence = settings.ConnectTimeout * 2;
    private RedisConnection? _connection;
    private Task<RedisConnection>? _connecting;
    private bool _disposed;

    public async Task<string?> TextAsync(string command, params object[] arguments) => Text(await RunAsync(command, arguments).ConfigureAwait(false));

    public async Task<IReadOnlyList<string?>> ListAsync(string command, params object[] arguments) =>
        await RunAsync(command, arguments).ConfigureAwait(false) is List<object?> items ? [.. items.Select(Text)] : [];

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _connection?.Dispose();
        }
    }

    private static string? Text(object? reply) => reply switch
    {
        null => null,
        string text => text,
        RespError error => error.Message,
        _ => throw new RedisRefusedException("Redis answered with a list where there should be one text."),
    };

    private async Task<object?> RunAsync(string command, object[] arguments)
    {
        object? reply;
        try
        {
            reply = await AskAsync(command, arguments).WaitAsync(settings.Timeout).ConfigureAwait(false);
        }
        catch (TimeoutException exception)
        {
            LeaveIfSilent();
            throw Unavailable("no answer in time", exception);
        }
        catch (Exception exception) when (exception is not RedisRefusedException)
        {
            throw Unavailable(exception.Message, exception);
        }
        if (reply is not RespError { Message: var message })
            return reply;
        // It has a primary elsewhere, or none that it may write for: another address may be the one.
        if (message.StartsWith("READONLY", StringComparison.Ordinal) || message.StartsWith("MASTERDOWN", StringComparison.Ordinal) || message.StartsWith("LOADING", StringComparison.Ordinal))
        {
            Leave();
            throw Unavailable(message, null);
        }
        throw new RedisRefusedException(message);
    }

    private RedisUnavailableException Unavailable(string why, Exception? inner)
    {
        var text = $"Redis at {string.Join(", ", settings.Addresses)} does not answer: {why}";
        return inner is null ? new RedisUnavailableException(text) : new RedisUnavailableException(text, inner);
    }

    private async Task<object?> AskAsync(string command, object[] arguments)
    {
        var connection = Connection(out var connecting) ?? await connecting!.ConfigureAwait(false);
        return await connection.SendAsync(command, arguments).ConfigureAwait(false);
    }

    private RedisConnection? Connection(out Task<RedisConnection>? connecting)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            connecting = null;
            if (_connection is { IsBroken: false } connection)
                return connection;
            if (_connecting is null or { IsCompleted: true })
                _connecting = ConnectAsync();
            connecting = _connecting;
            return null;
        }
    }

    // All at once: one that is gone without a word would else hold up the others. The first that says it is the primary is taken.
    private async Task<RedisConnection> ConnectAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        using var limit = new CancellationTokenSource(settings.ConnectTimeout);
        var attempts = settings.Addresses.Select(address => RedisConnection.OpenAsync(settings, address, limit.Token)).ToList();
        Exception? failure = null;
        RedisConnection? found = null;
        await foreach (var attempt in Task.WhenEach(attempts).ConfigureAwait(false))
        {
            try
            {
                var connection = await attempt.ConfigureAwait(false);
                if (found is not null)
                    connection.Dispose();
                else
                    Use(found = connection);
                await limit.CancelAsync().ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                // Who refuses says more than who does not answer.
                failure = exception is RedisRefusedException ? exception : failure ?? exception;
            }
        }
        return found ?? throw failure!;
    }

    private void Use(RedisConnection connection)
    {
        lock (_gate)
        {
            _connection = connection;
            if (_disposed)
                connection.Dispose();
        }
    }

    private void Leave()
    {
        lock (_gate)
            _connection?.Dispose();
    }

    private void LeaveIfSilent()
    {
        lock (_gate)
            if (_connection is { } connection && connection.Silence > _longestSilence)
                connection.Dispose();
    }
}
