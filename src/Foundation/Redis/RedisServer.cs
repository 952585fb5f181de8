using StackExchange.Redis;

namespace Tollgate.Foundation.Redis;

/// <summary>One multiplexed connection, made when it is first needed; the library makes it again when it is lost.</summary>
internal sealed class RedisServer(RedisSettings settings) : IRedis, IDisposable
{
    private readonly SemaphoreSlim _connecting = new(1);
    private volatile ConnectionMultiplexer? _connection;

    public async Task<string?> TextAsync(string command, params object[] arguments) => (string?)await RunAsync(command, arguments).ConfigureAwait(false);

    public async Task<IReadOnlyList<string?>> ListAsync(string command, params object[] arguments) =>
        (string?[]?)await RunAsync(command, arguments).ConfigureAwait(false) ?? [];

    public void Dispose()
    {
        _connection?.Dispose();
        _connecting.Dispose();
    }

    private async Task<RedisResult> RunAsync(string command, object[] arguments)
    {
        try
        {
            var connection = _connection ?? await ConnectAsync().WaitAsync(settings.Timeout).ConfigureAwait(false);
            // The library bounds only its synchronous calls.
            return await connection.GetDatabase().ExecuteAsync(command, arguments).WaitAsync(settings.Timeout).ConfigureAwait(false);
        }
        catch (RedisServerException exception)
        {
            throw new RedisRefusedException(exception.Message, exception);
        }
        catch (Exception exception) when (exception is RedisConnectionException or TimeoutException or ObjectDisposedException or TaskCanceledException)
        {
            throw new RedisUnavailableException($"Redis at {settings.Host}:{settings.Port} does not answer: {exception.Message}", exception);
        }
    }

    private async Task<ConnectionMultiplexer> ConnectAsync()
    {
        await _connecting.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_connection is { } made)
                return made;
            var connection = await ConnectionMultiplexer.ConnectAsync(settings.ToOptions()).ConfigureAwait(false);
            // In order would mean: each answer waits for the code that the one before has woken.
            connection.PreserveAsyncOrder = false;
            return _connection = connection;
        }
        finally
        {
            _connecting.Release();
        }
    }
}
