using System.Buffers;

namespace Tollgate.Gateway.Forwarding.Http1;

/// <summary>An upgraded connection (websockets): bytes both ways until both sides have ended, one side's end passed on as such.</summary>
internal sealed class Tunnel(Call call, Http1Connection connection, Stream client, TimeSpan patience)
{
    private const int PieceBytes = 16 * 1024;

    /// <exception cref="UpstreamException">The upstream broke off.</exception>
    /// <exception cref="IOException">The client did.</exception>
    public async Task RunAsync()
    {
        call.WaitAtMost(patience);
        using var enough = new CancellationTokenSource();
        var up = UpAsync(enough.Token);
        var down = DownAsync();
        if (await Task.WhenAny(up, down).ConfigureAwait(false) == down)
            // The upstream has nothing more to say; what the client says now goes nowhere.
            await enough.CancelAsync().ConfigureAwait(false);
        else if (!up.IsCompletedSuccessfully)
            connection.Cut();
        await Task.WhenAll(up, down).ConfigureAwait(false);
    }

    private async Task UpAsync(CancellationToken enough)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(PieceBytes);
        try
        {
            while (true)
            {
                var count = await client.ReadAsync(buffer, enough).ConfigureAwait(false);
                if (count == 0)
                {
                    connection.EndSending();
                    return;
                }
                await connection.SendAsync(buffer.AsMemory(0, count)).ConfigureAwait(false);
                call.CountIn(count);
                call.WaitAtMost(patience);
            }
        }
        catch (OperationCanceledException) when (enough.IsCancellationRequested)
        {
            // The other direction has ended.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task DownAsync()
    {
        var buffer = ArrayPool<byte>.Shared.Rent(PieceBytes);
        try
        {
            while (true)
            {
                var count = connection.Received.Length;
                if (count > 0)
                {
                    count = Math.Min(count, PieceBytes);
                    connection.Received[..count].CopyTo(buffer);
                    connection.Consume(count);
                }
                else
                    count = await connection.ReceiveIntoAsync(buffer).ConfigureAwait(false);
                if (count == 0)
                    return;
                await client.WriteAsync(buffer.AsMemory(0, count)).ConfigureAwait(false);
                call.CountOut(count);
                call.WaitAtMost(patience);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
