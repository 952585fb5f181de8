using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Tollgate.Gateway.Answers;
using Tollgate.Gateway.Forwarding.Http1;
using Tollgate.Gateway.Forwarding.Secure;
using Tollgate.Gateway.Routing;
using Tollgate.Gateway.Sockets;
using Tollgate.Metering;

namespace Tollgate.Gateway.Forwarding;

/// <summary>
/// Sends an admitted call to its upstream and the answer back, streaming both ways. However it ends, the call is in the journal exactly once, and what
/// an answer of the gateway's own did not cost is given back.
/// </summary>
internal sealed class Forwarder(Http1Forwarder plain, SecureForwarder secure, BalancedForwarder balanced, CallJournal journal, LiveCalls live, RateLimitHeaders limits, OwnAnswers answers)
{
    private const int ClientClosedRequest = 499;

    [AsyncMethodBuilder(typeof(PathMethodBuilder))]
    public async ValueTask ForwardAsync(Call call, ServedApi api)
    {
        live.Add(call);
        try
        {
            if (api.Upstreams.Only is not { } only)
                await balanced.ForwardAsync(call, api).ConfigureAwait(false);
            else if (only.IsPlain)
                await plain.ForwardAsync(call, api, only).ConfigureAwait(false);
            else
                await secure.ForwardAsync(call, api, only).ConfigureAwait(false);
            if (call.Journal.Current == JournalState.Phase.Open)
                journal.End(call, call.Context.Response.StatusCode, UsageOutcome.Served);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            if (api.Upstreams.Only is { } only && Blame.Of(call, exception) is { } failure)
                only.Note(failure);
            await FailAsync(call, exception).ConfigureAwait(false);
        }
        catch
        {
            journal.Abandon(call);
            throw;
        }
        finally
        {
            live.Remove(call);
        }
    }

    private async ValueTask FailAsync(Call call, Exception exception)
    {
        var reason = call.Life.Reason;
        switch (call.Journal.Current)
        {
            case JournalState.Phase.Open:
                // The upstream answered, so the call is billable however its stream ends; the client must see that it did not end well.
                journal.End(call, call.Context.Response.StatusCode, OutcomeOf(reason, exception));
                call.Context.Abort();
                return;
            case JournalState.Phase.Done:
                // Recorded whole; the client left while it was being sent.
                call.Context.Abort();
                return;
        }
        if (reason == CutReason.ClientGone || call.ClientGone)
        {
            // The upstream has worked for a client that did not wait: billable, and nobody is left to answer. One that had not been asked yet cost nothing.
            if (!call.Forwarded)
                journal.GiveBack(call);
            call.Context.Response.StatusCode = ClientClosedRequest;
            await journal.TryAppendAsync(call, ClientClosedRequest, UsageOutcome.ClientAborted, RefusalReason.None, billable: call.Forwarded).ConfigureAwait(false);
            call.Context.Abort();
            return;
        }
        await AnswerAsync(call, reason, exception).ConfigureAwait(false);
    }

    private async ValueTask AnswerAsync(Call call, CutReason reason, Exception exception)
    {
        var context = call.Context;
        context.Response.Clear();
        if (exception is ClientBodyException)
        {
            await answers.EndAsync(call, Refusals.BodyInvalid, UsageOutcome.ClientAborted, RefusalReason.None, billable: true).ConfigureAwait(false);
            return;
        }
        journal.GiveBack(call);
        if (exception is JournalFullException)
        {
            call.Figures.Refused(Refusals.JournalUnavailable);
            limits.Write(context.Response.Headers, call.Decision);
            await ProblemWriter.SendAsync(context, Refusals.JournalUnavailable).ConfigureAwait(false);
            return;
        }
        var problem = reason switch
        {
            CutReason.TimedOut => Refusals.UpstreamTimeout,
            CutReason.Gateway => Refusals.CallEnded,
            _ => Refusals.UpstreamUnreachable,
        };
        await answers.EndAsync(call, problem, reason == CutReason.Gateway ? UsageOutcome.Interrupted : UsageOutcome.UpstreamFailed, RefusalReason.None, billable: false).ConfigureAwait(false);
    }

    private static UsageOutcome OutcomeOf(CutReason reason, Exception exception) => reason switch
    {
        CutReason.Gateway => UsageOutcome.Interrupted,
        CutReason.ClientGone => UsageOutcome.ClientAborted,
        _ => exception is UpstreamException ? UsageOutcome.UpstreamFailed : UsageOutcome.ClientAborted,
    };
}
