using System.Data.Common;
using Tollgate.Foundation;

namespace Tollgate.Host.Commands;

/// <summary>A command that cannot do its work says why in a sentence, not by a stack trace.</summary>
internal static class Explained
{
    public static async Task<int> RunAsync(int failure, Func<Task<int>> command)
    {
        try
        {
            return await command().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is StartupException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync(exception.Message).ConfigureAwait(false);
            return failure;
        }
        catch (DbException exception)
        {
            await Console.Error.WriteLineAsync($"The database cannot be used: {exception.Message}{(exception.InnerException is { } inner ? $" ({inner.Message})" : "")}").ConfigureAwait(false);
            return failure;
        }
    }
}
