using Microsoft.AspNetCore.Http;
using Tollgate.Admission;
using Tollgate.Foundation;
using Tollgate.Gateway.Answers;
using Tollgate.Gateway.Forwarding;
using Tollgate.Gateway.Listener;
using Tollgate.Gateway.Metrics;
using Tollgate.Metering;

namespace Tollgate.Gateway.BuiltIn;

/// <summary>
/// The built-in API, on the gateway's listener and on the control server alike. <c>hello</c> needs no key and is limited by address; <c>actions</c> goes
/// through the same turnstile and journal as a forwarded call.
/// </summary>
internal sealed class BuiltInCalls(Turnstile turnstile, OwnAnswers answers, CallJournal journal, RateLimitHeaders limits, HelloLimit hello, IAdmission admission,
    ClientAddress addresses, GatewayMetrics metrics, GatewayOptions options, TimeProvider clock)
{
    public const string Root = "/api/v1/";
    public const string Ping = Root + "hello/ping";
    public const string EchoPath = Root + "hello/echo";
    public const string Actions = Root + "actions";

    public const string Label = "built-in";
    private static readonly MeterAmounts RequestAndAction = Amounts.Of(Meter.Requests, Meter.Actions);
    private static readonly Problem NotFound = new(404, "NOT_FOUND", "There is nothing at this address.");
    private static readonly Problem WrongMethod = new(405, "METHOD_NOT_ALLOWED", "This address does not take this method.");

    /// <param name="context">The request.</param>
    /// <param name="target">Its path with the query.</param>
    public Task RunAsync(HttpContext context, string target)
    {
        var requestId = TypeId.TryParse(context.TraceIdentifier, "req", out var given) ? given : TypeId.New(clock);
        context.TraceIdentifier = TypeId.Format("req", requestId);
        context.Response.Headers[RequestId.Header] = context.TraceIdentifier;
        var query = target.IndexOf('?', StringComparison.Ordinal);
        var method = context.Request.Method;
        return (query < 0 ? target : target[..query]) switch
        {
            Ping => HttpMethods.IsGet(method) || HttpMethods.IsHead(method) ? HelloAsync(context, PongAsync) : RefuseMethodAsync(context, "GET, HEAD"),
            EchoPath => HttpMethods.IsGet(method) || HttpMethods.IsPost(method) ? HelloAsync(context, EchoAsync) : RefuseMethodAsync(context, "GET, POST"),
            Actions => HttpMethods.IsPost(method) ? ActAsync(context, requestId) : RefuseMethodAsync(context, "POST"),
            _ => RefuseAsync(context, NotFound),
        };
    }

    private async Task HelloAsync(HttpContext context, Func<HttpContext, Task> answer)
    {
        if (hello.TryTake(addresses.Of(context), out var retryAfter))
        {
            await answer(context).ConfigureAwait(false);
            return;
        }
        await RefuseAddressAsync(context, retryAfter).ConfigureAwait(false);
    }

    private Task RefuseAddressAsync(HttpContext context, int seconds)
    {
        limits.WriteAddressLimit(context.Response.Headers, hello.PerMinute, seconds);
        return RefuseAsync(context, Refusals.AddressLimited(seconds));
    }

    private Task PongAsync(HttpContext context) => JsonAnswer.SendAsync(context, writer =>
    {
        writer.WriteBoolean("pong"u8, true);
        writer.WriteString("at"u8, clock.GetUtcNow());
    });

    private async Task EchoAsync(HttpContext context)
    {
        var (body, problem) = await SmallBody.ReadAsync(context, options.SmallBodyTime).ConfigureAwait(false);
        if (problem is not null)
        {
            await RefuseAsync(context, problem).ConfigureAwait(false);
            return;
        }
        await JsonAnswer.SendAsync(context, writer => EchoWriter.Write(writer, context.Request, body.Span, clock.GetUtcNow())).ConfigureAwait(false);
    }

    private async Task ActAsync(HttpContext context, Guid requestId)
    {
        if (!admission.Ready)
        {
            await RefuseAsync(context, Refusals.NotReady).ConfigureAwait(false);
            return;
        }
        // Without a key there is no subscription to limit by: the address stands in, so that guessing is not free.
        if (KeyHeader.Read(context.Request.Headers).Length == 0 && !hello.TryTake(addresses.Of(context), out var retryAfter))
        {
            await RefuseAddressAsync(context, retryAfter).ConfigureAwait(false);
            return;
        }
        var call = new Call(clock) { Figures = metrics.BuiltIn };
        call.Begin(context, requestId);
        call.Address(BuiltInApi.Id, Label, 1, Guid.Empty, addresses.Of(context), Actions.AsMemory());
        (ReadOnlyMemory<byte> Body, Problem? Problem) read;
        try
        {
            // Before anything is taken: a place among the calls in flight is not for somebody who sends slowly.
            read = await SmallBody.ReadAsync(context, options.SmallBodyTime).ConfigureAwait(false);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            return;
        }
        if (!await turnstile.EnterAsync(call, RequestAndAction).ConfigureAwait(false))
            return;
        try
        {
            await PerformAsync(call, read.Body, read.Problem).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (call.ClientGone)
        {
            await journal.TryAppendAsync(call, StatusCodes.Status499ClientClosedRequest, UsageOutcome.ClientAborted, RefusalReason.None, billable: true).ConfigureAwait(false);
        }
        finally
        {
            turnstile.Leave(call);
            call.Figures.Moved(call.BytesIn, call.BytesOut);
        }
    }

    private async Task PerformAsync(Call call, ReadOnlyMemory<byte> body, Problem? problem)
    {
        call.CountIn(body.Length);
        ActionRequest? request = null;
        if (problem is null)
            (request, problem) = ActionRequest.Read(body.Span);
        if (problem is not null)
        {
            journal.GiveBack(call);
            await answers.EndAsync(call, problem, UsageOutcome.Refused, RefusalReason.None, billable: false).ConfigureAwait(false);
            return;
        }
        var answer = await ActionRunner.RunAsync(request!, TypeId.Format("act", call.RequestId), clock, call.Context.RequestAborted).ConfigureAwait(false);
        call.CountOut(answer.Length);
        try
        {
            await journal.AppendAsync(call, StatusCodes.Status200OK, UsageOutcome.Served, RefusalReason.None, billable: true).ConfigureAwait(false);
        }
        catch (JournalFullException)
        {
            journal.GiveBack(call);
            await RefuseAsync(call.Context, Refusals.JournalUnavailable).ConfigureAwait(false);
            return;
        }
        limits.Write(call.Context.Response.Headers, call.Decision);
        await JsonAnswer.SendAsync(call.Context, answer).ConfigureAwait(false);
    }

    private Task RefuseMethodAsync(HttpContext context, string allowed)
    {
        context.Response.Headers.Allow = allowed;
        return RefuseAsync(context, WrongMethod);
    }

    private Task RefuseAsync(HttpContext context, Problem problem)
    {
        metrics.BuiltIn.Refused(problem);
        return ProblemWriter.SendAsync(context, problem);
    }
}
