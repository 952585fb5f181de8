using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tollgate.Gateway.Routing;
using Tollgate.Gateway.Sockets;

namespace Tollgate.Gateway.Forwarding.Http1;

/// <summary>How the sending of a body ended.</summary>
internal enum UploadEnd
{
    Sent,

    /// <summary>The upstream has answered before it had all, and wants no more.</summary>
    Stopped,

    /// <summary>The client's framing is wrong, or it broke off.</summary>
    ClientFailed,

    /// <summary>The upstream's connection broke. What it answered before may still be there to read.</summary>
    UpstreamFailed,
}

/// <summary>Sends the client's body on as it comes, with its trailers; each piece at once, for an upstream may answer while it reads.</summary>
internal sealed class Upload(Call call, Http1Connection connection, UploadFraming framing, ServedApi api)
{
    private static readonly byte[] LastChunk = "0\r\n"u8.ToArray();
    private static readonly byte[] LineEnd = "\r\n"u8.ToArray();

    private readonly Turn _turn = new();
    private readonly PipeReader _body = call.Context.Request.BodyReader;
    private volatile bool _stopped;

    public bool Started { get; private set; }

    // One that was never begun leaves an upstream that still waits for a body.
    private Task<UploadEnd> Running { get; set; } = Task.FromResult(UploadEnd.Stopped);

    public void Start()
    {
        if (Started)
            return;
        Started = true;
        Running = RunAsync();
    }

    /// <summary>The rest, if there is one, is not wanted; the connection is of no use then.</summary>
    public async ValueTask<UploadEnd> StopAsync()
    {
        if (Running.IsCompleted)
            return await Running.ConfigureAwait(false);
        _stopped = true;
        _body.CancelPendingRead();
        connection.Cut();
        return await Running.ConfigureAwait(false);
    }

    private async Task<UploadEnd> RunAsync()
    {
        try
        {
            while (true)
            {
                call.AwaitsClient = true;
                var read = await _body.ReadAsync().ConfigureAwait(false);
                if (_stopped)
                {
                    _body.AdvanceTo(read.Buffer.Start);
                    return UploadEnd.Stopped;
                }
                call.AwaitsClient = false;
                try
                {
                    if (!read.Buffer.IsEmpty)
                        await SendAsync(read.Buffer).ConfigureAwait(false);
                }
                finally
                {
                    // The server reads the rest of a body that nobody wanted, and must not find it held.
                    _body.AdvanceTo(read.Buffer.End);
                }
                if (read.IsCompleted)
                    break;
                await _turn.NextAsync().ConfigureAwait(false);
            }
            if (framing == UploadFraming.Chunks)
                await SendEndAsync().ConfigureAwait(false);
            Wait();
            return UploadEnd.Sent;
        }
        catch (UpstreamException)
        {
            return _stopped ? UploadEnd.Stopped : UploadEnd.UpstreamFailed;
        }
        catch (Exception exception) when (exception is BadHttpRequestException or ConnectionAbortedException or ConnectionResetException or OperationCanceledException or IOException)
        {
            // Whoever waits for the answer must not wait on: the upstream would wait for the rest for ever. It goes on within the cut, and stops this.
            var stopped = _stopped;
            if (!stopped)
                connection.Cut();
            return stopped ? UploadEnd.Stopped : UploadEnd.ClientFailed;
        }
    }

    private async ValueTask SendAsync(ReadOnlySequence<byte> piece)
    {
        if (framing == UploadFraming.Chunks)
            await connection.SendAsync(SizeLine(piece.Length)).ConfigureAwait(false);
        await connection.SendAsync(piece).ConfigureAwait(false);
        if (framing == UploadFraming.Chunks)
            await connection.SendAsync(LineEnd).ConfigureAwait(false);
        call.CountIn(piece.Length);
        Wait();
    }

    // The time until the headers starts anew with every piece: a slow upload is not a slow upstream. After them it is a sign of life of the stream.
    private void Wait() => call.WaitAtMost(call.UpstreamMicros < 0 ? api.Route.Timeout : api.Patience);

    private ReadOnlyMemory<byte> SizeLine(long length)
    {
        connection.Head.Clear();
        length.TryFormat(connection.Head.Room(16), out var digits, "x", System.Globalization.CultureInfo.InvariantCulture);
        connection.Head.Advance(digits);
        connection.Head.EndLine();
        return connection.Head.Written;
    }

    private ValueTask SendEndAsync()
    {
        connection.Head.Clear();
        connection.Head.Add(LastChunk);
        if (call.Context.Features.Get<IHttpRequestTrailersFeature>() is { Available: true, Trailers.Count: > 0 } trailers)
            RequestFields.Write(connection.Head, trailers.Trailers, api.SecretNames);
        connection.Head.EndLine();
        return connection.SendAsync(connection.Head.Written);
    }
}
