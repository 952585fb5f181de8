using Microsoft.AspNetCore.Http;
using Tollgate.Gateway.Answers;

namespace Tollgate.Gateway.BuiltIn;

/// <summary>Reads a request body that has no business being large.</summary>
internal static class SmallBody
{
    public const int Limit = 64 * 1024;

    private static readonly Problem TooLarge = new(413, "BODY_TOO_LARGE", "The request body is larger than the 64 KiB that this route takes.");

    public static async Task<(ReadOnlyMemory<byte> Body, Problem? Problem)> ReadAsync(HttpContext context)
    {
        if (context.Request.ContentLength > Limit)
            return (default, TooLarge);
        var buffer = new byte[(int)Math.Min(context.Request.ContentLength ?? Limit, Limit) + 1];
        var length = 0;
        try
        {
            while (length < buffer.Length)
            {
                var count = await context.Request.Body.ReadAsync(buffer.AsMemory(length), context.RequestAborted).ConfigureAwait(false);
                if (count == 0)
                    return (buffer.AsMemory(0, length), null);
                length += count;
            }
        }
        catch (BadHttpRequestException)
        {
            return (default, Refusals.BodyInvalid);
        }
        return (default, TooLarge);
    }
}
