using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Tollgate.Foundation;
using Tollgate.Gateway.Answers;
using Tollgate.Gateway.Forwarding;
using Tollgate.Gateway.Listener;
using Tollgate.Gateway.Sockets;

namespace Tollgate.Gateway.Server;

/// <summary>
/// A client's connection that speaks HTTP/1.1: one request after the other, on the thread where they arrive. What waits for the client waits for so long only.
/// </summary>
internal sealed partial class Http1Session(ConnectionContext connection, GatewayPath path, GatewayOptions options, TimeProvider clock, ILogger logger)
{
    private const int RestSeconds = 5;

    private readonly PipeReader _input = connection.Transport.Input;
    private readonly SendWriter? _sends = connection.Features.Get<SendWriter>();
    private readonly Exchange _exchange = new(connection, clock);
    private readonly RequestParser _parser = new();
    private readonly DefaultHttpContext _context = new();
    private readonly Call _call = new(clock);
    private readonly Turn _turn = new();
    private readonly Lock _gate = new();
    private Phase _phase;
    private int _seconds;
    private bool _late;
    private bool _canceled;
    private volatile bool _stopping;

    private enum Phase
    {
        Idle,
        Head,
        Call,
        Rest,
    }

    public async Task RunAsync()
    {
        _context.Initialize(_exchange);
        connection.Features.Get<IConnectionHeartbeatFeature>()?.OnHeartbeat(static session => ((Http1Session)session).Watch(), this);
        using var stop = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested.UnsafeRegister(static session => ((Http1Session)session!).Stop(), this);
        using var gone = connection.ConnectionClosed.UnsafeRegister(static life => ((CallLife)life!).LoseClient(), _call.Life);
        try
        {
            while (await ServeNextAsync().ConfigureAwait(false))
                await _turn.NextAsync().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The client has gone.
        }
    }

    // False when it was the last.
    [AsyncMethodBuilder(typeof(PathMethodBuilder<>))]
    private async ValueTask<bool> ServeNextAsync()
    {
        Enter(Phase.Idle);
        if (_stopping)
            return false;
        try
        {
            if (!await ReceiveHeadAsync().ConfigureAwait(false))
                return false;
        }
        catch (RequestRefusedException refused)
        {
            await RefuseAsync(refused).ConfigureAwait(false);
            return false;
        }
        // What was canceled as it came must not be its body.
        if (Enter(Phase.Call))
            await AbsorbCancelAsync().ConfigureAwait(false);
        await path.RunAsync(_context, _call).ConfigureAwait(false);
        var goesOn = await _exchange.EndAsync().ConfigureAwait(false);
        if (!_exchange.Received.HasEnded && _exchange.HasStarted && !await SkipRestAsync().ConfigureAwait(false))
        {
            await LingerAsync().ConfigureAwait(false);
            return false;
        }
        return goesOn && !_stopping;
    }

    [AsyncMethodBuilder(typeof(PathMethodBuilder<>))]
    private async ValueTask<bool> ReceiveHeadAsync()
    {
        while (true)
        {
            var read = await _input.ReadAsync().ConfigureAwait(false);
            var (buffer, used) = (read.Buffer, false);
            try
            {
                if (read.IsCanceled && IsLate(out var phase))
                    return phase == Phase.Idle ? false : throw new RequestRefusedException(408);
                used = TryTakeHead(ref buffer);
                if (used)
                    return true;
                if (read.IsCompleted || (_stopping && buffer.IsEmpty))
                    return false;
            }
            finally
            {
                _input.AdvanceTo(buffer.Start, used ? buffer.Start : buffer.End);
            }
        }
    }

    // What is left of the buffer is not used yet.
    private bool TryTakeHead(ref ReadOnlySequence<byte> buffer)
    {
        // RFC 9112 2.2: an empty line before a request is read past.
        while (buffer.Length >= 2 && buffer.FirstSpan[0] == '\r' && Starts(buffer, "\r\n"u8))
            buffer = buffer.Slice(2);
        if (buffer.IsEmpty || (buffer.Length == 1 && buffer.FirstSpan[0] == '\r'))
            return false;
        if (_phase == Phase.Idle)
            Enter(Phase.Head);
        if (buffer.IsSingleSegment)
            return TryTakeHead(ref buffer, buffer.FirstSpan);
        var length = (int)Math.Min(buffer.Length, RequestParser.MostBytes + 1);
        var bytes = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            buffer.Slice(0, length).CopyTo(bytes);
            return TryTakeHead(ref buffer, bytes.AsSpan(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    private bool TryTakeHead(ref ReadOnlySequence<byte> buffer, ReadOnlySpan<byte> received)
    {
        var length = RequestParser.Find(received);
        if (length == 0)
            return false;
        _exchange.RequestHeaders.Clear();
        _exchange.Begin(_parser.Parse(received[..length], _exchange.RequestHeaders));
        buffer = buffer.Slice(length);
        return true;
    }

    private static bool Starts(in ReadOnlySequence<byte> buffer, ReadOnlySpan<byte> text)
    {
        Span<byte> start = stackalloc byte[text.Length];
        buffer.Slice(0, text.Length).CopyTo(start);
        return start.SequenceEqual(text);
    }

    // The body that nobody wanted stands before the next request. Not for long: its sender has its answer.
    private async ValueTask<bool> SkipRestAsync()
    {
        if (!_exchange.Received.HasBegun || _exchange.Received.HasFailed)
            return false;
        Enter(Phase.Rest);
        try
        {
            while (!_exchange.Received.HasEnded && !IsLate(out _))
            {
                var read = await _exchange.Received.ReadAsync().ConfigureAwait(false);
                _exchange.Received.AdvanceTo(read.Buffer.End);
                await _turn.NextAsync().ConfigureAwait(false);
            }
            return _exchange.Received.HasEnded;
        }
        catch (BadHttpRequestException)
        {
            return false;
        }
    }

    // A connection that is closed with bytes unread is reset, and its client may lose the answer.
    private async ValueTask LingerAsync()
    {
        Enter(Phase.Rest);
        await connection.Transport.Output.CompleteAsync().ConfigureAwait(false);
        while (!IsLate(out _))
        {
            var read = await _input.ReadAsync().ConfigureAwait(false);
            _input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
                return;
            await _turn.NextAsync().ConfigureAwait(false);
        }
    }

    private async ValueTask RefuseAsync(RequestRefusedException refused)
    {
        var problem = refused.Problem;
        _exchange.Begin(new RequestLine("", "", Minor: 1, default));
        _context.TraceIdentifier = TypeId.Format("req", RequestIds.New(clock.GetUtcNow()));
        LogRefused(logger, problem.Status, problem.Code, _context.TraceIdentifier, refused.Message);
        _context.Response.Headers.Connection = "close";
        await ProblemWriter.SendAsync(_context, problem).ConfigureAwait(false);
        await _exchange.EndAsync().ConfigureAwait(false);
        await LingerAsync().ConfigureAwait(false);
    }

    // True when a read was canceled that nobody has heard of.
    private bool Enter(Phase phase)
    {
        lock (_gate)
        {
            (_phase, _seconds, _late) = (phase, 0, false);
            return _canceled;
        }
    }

    private bool IsLate(out Phase phase)
    {
        lock (_gate)
        {
            (phase, _canceled) = (_phase, false);
            return _late;
        }
    }

    private async ValueTask AbsorbCancelAsync()
    {
        ReadResult read;
        do
        {
            read = await _input.ReadAsync().ConfigureAwait(false);
            _input.AdvanceTo(read.Buffer.Start);
        }
        while (!read.IsCanceled && !read.IsCompleted);
        _canceled = false;
    }

    // Each second, on a thread of the server's.
    private void Watch()
    {
        if (_sends is { } sends && sends.IsStuck(Environment.TickCount64, options.SlowClientTime))
            connection.Abort(new ConnectionAbortedException("The client takes its answer too slowly."));
        lock (_gate)
        {
            var most = _phase switch
            {
                Phase.Idle => options.KeepAliveTime.TotalSeconds,
                Phase.Head => options.HeaderTime.TotalSeconds,
                Phase.Rest => RestSeconds,
                _ => double.MaxValue,
            };
            if (++_seconds <= most || _late)
                return;
            (_late, _canceled) = (true, true);
        }
        _input.CancelPendingRead();
    }

    private void Stop()
    {
        _stopping = true;
        // The answer that is under way says that it is the last.
        _exchange.Stopping = true;
        lock (_gate)
        {
            if (_phase != Phase.Idle)
                return;
            _canceled = true;
        }
        _input.CancelPendingRead();
    }

    [LoggerMessage(1, LogLevel.Information, "A request was refused unread: {Status} {Code} {RequestId} ({Why})")]
    private static partial void LogRefused(ILogger logger, int status, string code, string requestId, string why);
}
