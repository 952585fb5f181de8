using Microsoft.AspNetCore.Http;
using Tollgate.Gateway.Answers;

namespace Tollgate.Gateway.BuiltIn;

/// <summary>Reads a request body that has no business being large.</summary>
internal static class SmallBody
{
    public const int Limit = 64 * 1024;

    private static readonly Problem TooLarge = new(413, "BODY_TOO_LARGE", "The request body is larger than the 64 KiB that this route takes.");

    public static async Task<(ReadOnlyMemory<byte> Body, Problem? Problem)> ReadAsync(HttpContext context, TimeSpan most)
    {
        if (context.Request.ContentLength > Limit)
            return (default, TooLarge);
        var buffer = new byte[(int)Math.Min(context.Request.ContentLength ?? Limit, Limit) + 1];
        var length = 0;
        using var time = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        time.CancelAfter(most);
        try
        {
            while (length < buffer.Length)
            {
                var count = await context.Request.Body.ReadAsync(buffer.AsMemory(length), time.Token).ConfigureAwait(false);
                if (count == 0)
                    return (buffer.AsMemory(0, length), null);
                length += count;
            }
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            context.Response.Headers.Connection = "close";
            return (default, Refusals.OfServer(408));
        }
        catch (BadHttpRequestException)
        {
            return (default, Refusals.BodyInvalid);
        }
        return (default, TooLarge);
    }
}
