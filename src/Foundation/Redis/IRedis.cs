namespace Tollgate.Foundation;

/// <summary>
/// The Redis server that the nodes share, where <c>Redis__Url</c> names one. Every call is bounded in time; nothing here is tried again by itself.
/// </summary>
public interface IRedis
{
    /// <summary>One command with a single answer, as text; null for nil.</summary>
    /// <exception cref="RedisUnavailableException">No connection, or no answer in time: whether it was carried out is unknown.</exception>
    /// <exception cref="RedisRefusedException">The server answered with an error.</exception>
    Task<string?> TextAsync(string command, params object[] arguments);

    /// <summary>One command with a flat list as its answer, each item as text.</summary>
    /// <exception cref="RedisUnavailableException">No connection, or no answer in time: whether it was carried out is unknown.</exception>
    /// <exception cref="RedisRefusedException">The server answered with an error.</exception>
    Task<IReadOnlyList<string?>> ListAsync(string command, params object[] arguments);
}

public sealed class RedisUnavailableException : IOException
{
    public RedisUnavailableException()
        : base("Redis does not answer.")
    {
    }

    public RedisUnavailableException(string message)
        : base(message)
    {
    }

    public RedisUnavailableException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

public sealed class RedisRefusedException : InvalidOperationException
{
    public RedisRefusedException()
        : base("Redis refused a command.")
    {
    }

    public RedisRefusedException(string message)
        : base(message)
    {
    }

    public RedisRefusedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
