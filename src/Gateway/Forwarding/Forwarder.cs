using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tollgate.Foundation;
using Tollgate.Gateway.Answers;
using Tollgate.Gateway.Listener;
using Tollgate.Gateway.Routing;
using Tollgate.Metering;
using Yarp.ReverseProxy.Forwarder;

namespace Tollgate.Gateway.Forwarding;

/// <summary>
/// Sends an admitted call to its upstream and the answer back, streaming both ways. However it ends, the call is in the journal exactly once, and what
/// an answer of the gateway's own did not cost is given back.
/// </summary>
internal sealed class Forwarder(IHttpForwarder forwarder, UpstreamInvokers invokers, CallJournal journal, OpenStreams streams, RateLimitHeaders limits,
    OwnAnswers answers, ClientAddress addresses, GatewayOptions options)
{
    private const int ClientClosedRequest = 499;

    public async Task ForwardAsync(Call call, ServedApi api)
    {
        var context = call.Context;
        // Runs out when the headers are late; afterwards it is what ends a stream.
        using var headersDue = new CancellationTokenSource();
        var timeout = api.Route.Timeout;
        headersDue.CancelAfter(timeout);
        WatchBodies(call, headersDue, timeout);
        var transformer = new CallTransformer(call, api, journal, streams, limits, addresses, headersDue, options.AllowsCors(api.Name));
        var body = context.Response.Body;
        try
        {
            var error = await forwarder.SendAsync(context, api.Origin, invokers.Of(api.Origin), api.ForwarderConfig, transformer, headersDue.Token)
                .ConfigureAwait(false);
            context.Response.Body = body;
            if (call.Journal.Current == JournalState.Phase.Open)
                journal.End(call, context.Response.StatusCode, OutcomeOf(call, error));
            else if (transformer.IsWhole && call.Journal.Current == JournalState.Phase.Done)
                await SendWholeAsync(context, transformer.Whole).ConfigureAwait(false);
            else
                await FailAsync(call, transformer, error, headersDue.IsCancellationRequested).ConfigureAwait(false);
        }
        catch
        {
            // Such as a stream that is cut while its first bytes leave: the forwarder can no more turn that into an error's answer.
            journal.Abandon(call);
            throw;
        }
        finally
        {
            streams.Remove(call);
        }
    }

    // The time until the headers starts anew with every piece of the client's body: a slow upload is not a slow upstream.
    private static void WatchBodies(Call call, CancellationTokenSource headersDue, TimeSpan timeout)
    {
        var context = call.Context;
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true)
        {
            context.Request.Body = new CountedStream(context.Request.Body, count =>
            {
                call.CountIn(count);
                if (call.UpstreamMicros < 0)
                    headersDue.CancelAfter(timeout);
            }, written: null);
        }
        if (context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } upgrade)
            context.Features.Set<IHttpUpgradeFeature>(new CountedUpgrade(upgrade, call));
    }

    private static async Task SendWholeAsync(HttpContext context, ReadOnlyMemory<byte> body)
    {
        if (body.IsEmpty)
            return;
        try
        {
            await context.Response.Body.WriteAsync(body, context.RequestAborted).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has gone; its answer was complete and is recorded.
        }
    }

    // The upstream answered, so the call is billable however its stream ends.
    private static UsageOutcome OutcomeOf(Call call, ForwarderError error)
    {
        if (call.CutByGateway)
            return UsageOutcome.Interrupted;
        return error switch
        {
            ForwarderError.None => UsageOutcome.Served,
            _ when call.ClientGone => UsageOutcome.ClientAborted,
            ForwarderError.RequestBodyClient or ForwarderError.ResponseBodyClient or ForwarderError.UpgradeRequestClient or ForwarderError.UpgradeResponseClient
                or ForwarderError.RequestBodyCanceled or ForwarderError.ResponseBodyCanceled or ForwarderError.UpgradeRequestCanceled
                or ForwarderError.UpgradeResponseCanceled => UsageOutcome.ClientAborted,
            ForwarderError.UpgradeActivityTimeout => UsageOutcome.Served,
            _ => UsageOutcome.UpstreamFailed,
        };
    }

    private async Task FailAsync(Call call, CallTransformer transformer, ForwarderError error, bool timedOut)
    {
        var context = call.Context;
        if (call.ClientGone)
        {
            // The upstream has worked for a client that did not wait: billable, and nobody is left to answer.
            journal.TryAppend(call, ClientClosedRequest, UsageOutcome.ClientAborted, RefusalReason.None, billable: true);
            context.Abort();
            return;
        }
        context.Response.Clear();
        if (error is ForwarderError.RequestBodyClient)
        {
            await answers.EndAsync(call, Refusals.BodyInvalid, UsageOutcome.ClientAborted, RefusalReason.None, billable: true).ConfigureAwait(false);
            return;
        }
        journal.GiveBack(call);
        if (transformer.JournalFull)
        {
            limits.Write(context.Response.Headers, call.Decision);
            await ProblemWriter.SendAsync(context, Refusals.JournalUnavailable).ConfigureAwait(false);
            return;
        }
        var late = timedOut || error is ForwarderError.RequestTimedOut or ForwarderError.RequestBodyCanceled;
        await answers.EndAsync(call, late ? Refusals.UpstreamTimeout : Refusals.UpstreamUnreachable, UsageOutcome.UpstreamFailed, RefusalReason.None, billable: false)
            .ConfigureAwait(false);
    }
}
