using System.Buffers;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tollgate.Gateway.Answers;
using Tollgate.Gateway.Routing;
using Tollgate.Gateway.Sockets;
using Tollgate.Gateway.Upstreams;
using Tollgate.Metering;

namespace Tollgate.Gateway.Forwarding.Http1;

/// <summary>
/// Sends an admitted call to an upstream that speaks HTTP/1.1 in clear, over sockets of its own (docs/decisions/0013): a head out, an answer back, and
/// the journal between the answer and the client.
/// </summary>
internal sealed class Http1Forwarder(Http1Pools pools, RequestHead requests, AnswerWriter answers, CallJournal journal)
{
    /// <summary>An answer up to this size is read whole, so that it needs one record only.</summary>
    private const int WholeBytes = 64 * 1024;

    private static readonly TimeSpan ContinueWait = TimeSpan.FromSeconds(1);

    /// <summary>Returns when the answer is on its way to the client, or throws when there is none to send.</summary>
    /// <exception cref="UpstreamException">The upstream failed, or the call was cut; <see cref="CallLife.Reason"/> tells.</exception>
    /// <exception cref="ClientBodyException">The client's body is not well formed or broke off.</exception>
    /// <exception cref="JournalFullException">Nothing could be recorded.</exception>
    [AsyncMethodBuilder(typeof(PathMethodBuilder))]
    public async ValueTask ForwardAsync(Call call, ServedApi api, Target target)
    {
        var pool = pools.Of(target.Url, target.Origin);
        var plan = UploadPlan.Of(call.Context);
        while (true)
        {
            var connection = pool.TryTake() ?? await ConnectAsync(pool, call).ConfigureAwait(false);
            if (!call.Life.TryWaitFor(connection))
            {
                connection.Dispose();
                throw new UpstreamException("The call was cut before it was sent.");
            }
            try
            {
                await ExchangeAsync(call, api, target, connection, plan).ConfigureAwait(false);
                return;
            }
            catch (StaleConnectionException) when (call.Life.TryStopWaiting())
            {
                // Its upstream had closed it before the request came: nobody has seen the request, and a new connection will tell.
            }
            catch
            {
                call.Life.TryStopWaiting();
                connection.Dispose();
                throw;
            }
        }
    }

    private static async ValueTask<Http1Connection> ConnectAsync(Http1Pool pool, Call call)
    {
        using var connecting = new CutSource();
        if (!call.Life.TryWaitFor(connecting))
            throw new UpstreamException("The call was cut before it was sent.");
        try
        {
            return await pool.ConnectAsync(connecting.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is System.Net.Sockets.SocketException or OperationCanceledException or IOException)
        {
            throw new UpstreamException("The upstream could not be connected to.", exception)
            {
                Reach = UpstreamDialer.LacksDescriptors(exception) ? UpstreamReach.NotTried : UpstreamReach.NotSent,
            };
        }
        finally
        {
            call.Life.TryStopWaiting();
        }
    }

    [AsyncMethodBuilder(typeof(PathMethodBuilder))]
    private async ValueTask ExchangeAsync(Call call, ServedApi api, Target target, Http1Connection connection, UploadPlan plan)
    {
        requests.Write(connection.Head, connection.Pool.Authority, call, api, target.BasePath, plan);
        call.BeginToWait(api.Route.Timeout);
        var upload = plan.HasBody ? new Upload(call, connection, plan.Framing, api) : null;
        try
        {
            if (upload is null)
                connection.SendHead();
            else
                await SendHeadAsync(call, connection, plan, upload).ConfigureAwait(false);
            var head = await ReceiveHeadAsync(connection, plan.IsHead, upload).ConfigureAwait(false);
            call.Forwarded = true;
            call.UpstreamAnswered(head.Status);
            await AnswerAsync(call, api, connection, head, plan, upload).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            call.Forwarded |= upload is null && connection.HasSentHead;
            var uploaded = upload is null ? UploadEnd.Sent : await upload.StopAsync().ConfigureAwait(false);
            if (exception is UpstreamException && uploaded == UploadEnd.ClientFailed)
                throw new ClientBodyException(exception);
            if (exception is not UpstreamException || !plan.MayRepeat || connection.Heard || call.Life.Reason != CutReason.None)
                throw;
            connection.Dispose();
            throw connection.Used ? new StaleConnectionException(exception) : new UpstreamException(exception.Message, exception) { Reach = UpstreamReach.NotHeard };
        }
    }

    private static async ValueTask SendHeadAsync(Call call, Http1Connection connection, UploadPlan plan, Upload upload)
    {
        await connection.SendAsync(connection.Head.Written).ConfigureAwait(false);
        call.Forwarded = true;
        if (!plan.Expects)
            upload.Start();
    }

    [AsyncMethodBuilder(typeof(PathMethodBuilder<>))]
    private static async ValueTask<AnswerHead> ReceiveHeadAsync(Http1Connection connection, bool isHead, Upload? upload)
    {
        while (true)
        {
            int length;
            while ((length = AnswerHead.Find(connection.Received)) == 0)
                if (!await ReceiveMoreAsync(connection, upload).ConfigureAwait(false))
                    throw new UpstreamException("The upstream closed the connection instead of an answer.");
            var head = AnswerHead.Parse(connection.Received[..length], isHead, connection.Fields);
            if (!head.IsInformational)
                return head;
            // The others than 100 say nothing that must go on.
            connection.Consume(length);
            if (head.Status == StatusCodes.Status100Continue)
                upload?.Start();
        }
    }

    // The client waits for leave to send: the upstream gives it, or refuses, or says nothing for a while, which is leave too.
    private static ValueTask<bool> ReceiveMoreAsync(Http1Connection connection, Upload? upload) =>
        upload is null or { Started: true } ? connection.ReceiveAsync(AnswerHead.MostBytes) : ReceiveOrBeginAsync(connection, upload);

    private static async ValueTask<bool> ReceiveOrBeginAsync(Http1Connection connection, Upload upload)
    {
        var arriving = connection.ReceiveAsync(AnswerHead.MostBytes).AsTask();
        if (await Task.WhenAny(arriving, Task.Delay(ContinueWait, CancellationToken.None)).ConfigureAwait(false) != arriving)
            upload.Start();
        return await arriving.ConfigureAwait(false);
    }

    private async ValueTask AnswerAsync(Call call, ServedApi api, Http1Connection connection, AnswerHead head, UploadPlan plan, Upload? upload)
    {
        if (head.Status == StatusCodes.Status101SwitchingProtocols)
        {
            await SwitchAsync(call, api, connection, plan).ConfigureAwait(false);
            return;
        }
        var whole = head.BodyEnd == BodyEnd.None || (head.BodyEnd == BodyEnd.Length && head.Length <= WholeBytes);
        var clean = whole
            ? await SendWholeAsync(call, api, connection, head).ConfigureAwait(false)
            : await StreamAsync(call, api, connection, head).ConfigureAwait(false);
        if (upload is not null && await upload.StopAsync().ConfigureAwait(false) != UploadEnd.Sent)
            clean = false;
        if (call.Life.TryStopWaiting() && clean)
            connection.Pool.Return(connection);
        else
            connection.Dispose();
    }

    private async ValueTask<bool> SendWholeAsync(Call call, ServedApi api, Http1Connection connection, AnswerHead head)
    {
        var headLength = AnswerHead.Find(connection.Received);
        var length = (int)head.Length;
        var rented = length > 0 && connection.Received.Length < headLength + length
            ? await ReceiveWholeAsync(call, api, connection, headLength, length).ConfigureAwait(false)
            : null;
        try
        {
            // From here on it is in hand: nothing can take it back.
            call.Life.Deadline = 0;
            call.CountOut(length);
            await journal.AppendAsync(call, head.Status, UsageOutcome.Served, RefusalReason.None, billable: true).ConfigureAwait(false);
            answers.WriteHead(call, api, head, connection);
            if (length > 0)
                // With the head, in one piece.
                await call.Context.Response.BodyWriter.WriteAsync(rented is null ? connection.ReceivedMemory.Slice(headLength, length) : rented.AsMemory(0, length)).ConfigureAwait(false);
        }
        finally
        {
            if (rented is not null)
                ArrayPool<byte>.Shared.Return(rented);
        }
        connection.Consume(rented is null ? headLength + length : headLength);
        return head.KeepsAlive;
    }

    // A whole answer that stalls after its headers gets the same time once more. Null: it is in the connection's buffer, behind the head.
    private static async ValueTask<byte[]?> ReceiveWholeAsync(Call call, ServedApi api, Http1Connection connection, int headLength, int length)
    {
        call.WaitAtMost(api.Route.Timeout);
        if (headLength + length <= connection.Room)
        {
            while (connection.Received.Length < headLength + length)
                if (!await connection.ReceiveAsync(headLength + length).ConfigureAwait(false))
                    throw Short();
            return null;
        }
        var body = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            var count = connection.Received.Length - headLength;
            connection.Received[headLength..].CopyTo(body);
            connection.Trim(headLength);
            while (count < length)
                count += await connection.ReceiveIntoAsync(body.AsMemory(count, length - count)).ConfigureAwait(false) is > 0 and var more ? more : throw Short();
            return body;
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(body);
            throw;
        }
    }

    private static UpstreamException Short() => new("The upstream ended its answer before the length that it had stated.");

    private async ValueTask<bool> StreamAsync(Call call, ServedApi api, Http1Connection connection, AnswerHead head)
    {
        call.WaitAtMost(api.Patience);
        CutBothWays(call, connection);
        await journal.BeginAsync(call, head.Status).ConfigureAwait(false);
        answers.WriteHead(call, api, head, connection);
        connection.Consume(AnswerHead.Find(connection.Received));
        // Of a stream the client wants to know at once that it has begun; its first event may be long in coming.
        if (head.BodyEnd == BodyEnd.Length)
            await call.Context.Response.StartAsync().ConfigureAwait(false);
        else
            await call.Context.Response.BodyWriter.FlushAsync().ConfigureAwait(false);
        return await new Download(call, connection, api.Patience).RunAsync(head).ConfigureAwait(false);
    }

    private async ValueTask SwitchAsync(Call call, ServedApi api, Http1Connection connection, UploadPlan plan)
    {
        if (!plan.Upgrades)
            throw new UpstreamException("The upstream switched to a protocol that nobody asked for.");
        CutBothWays(call, connection);
        await journal.BeginAsync(call, StatusCodes.Status101SwitchingProtocols).ConfigureAwait(false);
        answers.WriteUpgradeHead(call, api, connection);
        connection.Consume(AnswerHead.Find(connection.Received));
        var client = await call.Context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync().ConfigureAwait(false);
        await new Tunnel(call, connection, client, api.Patience).RunAsync().ConfigureAwait(false);
        call.Life.TryStopWaiting();
        connection.Dispose();
    }

    // A stream may wait for either side: for a client that does not read no less than for an upstream that does not send.
    private static void CutBothWays(Call call, Http1Connection connection)
    {
        if (!call.Life.TryWaitFor(new StreamCut(connection, call.Context.Features.GetRequiredFeature<IHttpRequestLifetimeFeature>())))
            throw new UpstreamException("The call was cut before its answer began.");
    }

    private sealed class StreamCut(Http1Connection connection, IHttpRequestLifetimeFeature client) : ICuttable
    {
        public void Cut()
        {
            client.Abort();
            connection.Cut();
        }
    }

    private sealed class StaleConnectionException(Exception inner) : UpstreamException(inner.Message, inner);
}

/// <summary>The client's body is not well formed, or broke off.</summary>
internal sealed class ClientBodyException(Exception inner) : IOException("The client's body is not well formed, or broke off.", inner);
