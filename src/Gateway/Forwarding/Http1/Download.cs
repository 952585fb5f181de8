using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Tollgate.Gateway.Answers;
using Tollgate.Gateway.Server;
using Tollgate.Gateway.Sockets;
using Tollgate.Gateway.Wire;

namespace Tollgate.Gateway.Forwarding.Http1;

/// <summary>Sends the upstream's body on to the client as it comes. Waits for a slow client before it reads on.</summary>
internal sealed class Download(Call call, Http1Connection connection, TimeSpan patience)
{
    // A long body is passed on in large pieces: the kernel cuts each into segments, and what is left of it is a small one.
    private const int LeastPiece = 64 * 1024;
    private const int MostPiece = 256 * 1024;
    private const int LeastPassed = 128 * 1024;
    private const int SlowMilliseconds = 250;
    private const int MostTrailerBytes = 16 * 1024;

    private static UpstreamException EndedEarly => new("The upstream ended its answer before the length that it had stated.");

    private readonly Turn _turn = new();
    private readonly PipeWriter _client = call.Context.Response.BodyWriter;
    private int _piece = LeastPiece;
    private long _passed;

    /// <returns>True when the connection can serve another exchange.</returns>
    /// <exception cref="UpstreamException">The upstream broke off, or its framing is wrong.</exception>
    /// <exception cref="IOException">The client is gone.</exception>
    public ValueTask<bool> RunAsync(AnswerHead head) => head.BodyEnd switch
    {
        BodyEnd.Length => LengthAsync(head),
        BodyEnd.Chunks => ChunksAsync(head),
        _ => CloseAsync(),
    };

    private async ValueTask<bool> LengthAsync(AnswerHead head)
    {
        var left = head.Length;
        if (left > 0 && !connection.Received.IsEmpty)
        {
            var count = (int)Math.Min(left, connection.Received.Length);
            left -= count;
            Put(count);
            await FlushAsync(count).ConfigureAwait(false);
        }
        if (left >= LeastPassed)
            left = await PassAsync(left).ConfigureAwait(false);
        while (left > 0)
        {
            var count = await connection.ReceiveIntoAsync(Room(left)).ConfigureAwait(false);
            if (count == 0)
                throw EndedEarly;
            left -= count;
            _client.Advance(count);
            await FlushAsync(count).ConfigureAwait(false);
        }
        return head.KeepsAlive;
    }

    // Without a copy, where the two connections are as they are. Answers what is left.
    private async ValueTask<long> PassAsync(long left)
    {
        if (_client is not ResponseWriter client || !client.CanPass())
            return left;
        using var pipe = KernelPipe.TryOpen();
        while (left > 0 && pipe is not null)
        {
            var count = await connection.ReceiveIntoAsync(pipe, (int)Math.Min(left, _piece)).ConfigureAwait(false);
            if (count == 0)
                throw EndedEarly;
            left -= count;
            await FlushAsync(count, pipe).ConfigureAwait(false);
        }
        return left;
    }

    private async ValueTask<bool> CloseAsync()
    {
        while (true)
        {
            var count = connection.Received.Length;
            if (count > 0)
                Put(count);
            else
            {
                count = await connection.ReceiveIntoAsync(Room(MostPiece)).ConfigureAwait(false);
                if (count == 0)
                    return false;
                _client.Advance(count);
            }
            await FlushAsync(count).ConfigureAwait(false);
        }
    }

    private async ValueTask<bool> ChunksAsync(AnswerHead head)
    {
        var chunks = new ChunkReader(UpstreamException.Malformed);
        while (true)
        {
            var count = PutChunks(ref chunks);
            if (count > 0)
                await FlushAsync(count).ConfigureAwait(false);
            if (chunks.AtTrailers)
                break;
            if (!await connection.ReceiveAsync(AnswerHead.MostBytes).ConfigureAwait(false))
                throw new UpstreamException("The upstream ended its answer before its last chunk.");
        }
        await TrailersAsync().ConfigureAwait(false);
        return head.KeepsAlive;
    }

    private int PutChunks(ref ChunkReader chunks)
    {
        var count = 0;
        while (true)
        {
            var data = chunks.Next(connection.Received, out var used);
            if (!data.IsEmpty)
            {
                data.CopyTo(_client.GetSpan(data.Length));
                _client.Advance(data.Length);
                count += data.Length;
            }
            connection.Consume(used);
            if (data.IsEmpty)
                return count;
        }
    }

    private async ValueTask TrailersAsync()
    {
        while (true)
        {
            var received = connection.Received;
            var length = received.StartsWith("\r\n"u8) ? 2 : AnswerHead.Find(received);
            if (length > 0)
            {
                Take(length);
                return;
            }
            if (!await connection.ReceiveAsync(MostTrailerBytes).ConfigureAwait(false))
                throw new UpstreamException("The upstream ended its answer within its trailers.");
        }
    }

    private void Take(int length)
    {
        connection.Fields.Clear();
        var block = connection.Received[..length];
        if (!FieldParser.TryParse(block, 0, connection.Fields, UpstreamException.Malformed))
            throw UpstreamException.TooManyFields;
        var response = call.Context.Response;
        if (response.SupportsTrailers())
            foreach (ref readonly var field in connection.Fields.All)
                if (!IsForbidden(field.Name(block)))
                    response.AppendTrailer(StringCache.Shared.Get(field.Name(block)), StringCache.Shared.Get(field.Value(block)));
        connection.Consume(length);
    }

    // RFC 9110 6.5.1: framing, routing, authentication and the gateway's own are no trailers.
    private static bool IsForbidden(ReadOnlySpan<byte> name)
    {
        foreach (var forbidden in (ReadOnlySpan<string>)["transfer-encoding", "content-length", "host", "content-encoding", "content-type", "trailer", "connection", "set-cookie",
            "ratelimit", "ratelimit-policy", "x-request-id"])
            if (System.Text.Ascii.EqualsIgnoreCase(name, forbidden))
                return true;
        return false;
    }

    private Memory<byte> Room(long most)
    {
        var memory = _client.GetMemory((int)Math.Min(most, _piece));
        return memory.Length > most ? memory[..(int)most] : memory;
    }

    private void Put(int count)
    {
        connection.Received[..count].CopyTo(_client.GetSpan(count));
        _client.Advance(count);
        connection.Consume(count);
    }

    private async ValueTask FlushAsync(int count, KernelPipe? pipe = null)
    {
        call.CountOut(count);
        call.WaitAtMost(patience);
        var began = Environment.TickCount64;
        // Nobody pays for what is read for a client that has gone.
        if ((await SendAsync(pipe).ConfigureAwait(false)).IsCompleted)
            throw new IOException("The client is gone.");
        // A slow client holds what waits for it: that is kept small.
        _passed += count;
        _piece = Environment.TickCount64 - began <= SlowMilliseconds && _passed >= MostPiece ? MostPiece : LeastPiece;
        await _turn.NextAsync(1 + (count / LeastPiece)).ConfigureAwait(false);
        call.WaitAtMost(patience);
    }

    private ValueTask<FlushResult> SendAsync(KernelPipe? pipe) => pipe is null ? _client.FlushAsync() : ((ResponseWriter)_client).PassAsync(pipe);
}
