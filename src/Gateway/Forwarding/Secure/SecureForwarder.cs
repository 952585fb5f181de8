using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tollgate.Foundation;
using Tollgate.Gateway.Answers;
using Tollgate.Gateway.Forwarding.Http1;
using Tollgate.Gateway.Routing;
using Tollgate.Metering;
using Yarp.ReverseProxy.Forwarder;

namespace Tollgate.Gateway.Forwarding.Secure;

/// <summary>Sends an admitted call to an upstream over TLS, HTTP/1.1 or 2, by YARP's forwarder (docs/decisions/0002).</summary>
internal sealed class SecureForwarder(IHttpForwarder forwarder, UpstreamInvokers invokers, CallJournal journal, AnswerWriter answers, ClientAddress addresses)
{
    /// <summary>As <see cref="Http1Forwarder.ForwardAsync"/>.</summary>
    public async ValueTask ForwardAsync(Call call, ServedApi api)
    {
        var context = call.Context;
        using var cut = new CutSource();
        if (!call.Life.TryWaitFor(cut))
            throw new UpstreamException("The call was cut before it was sent.");
        call.WaitAtMost(api.Route.Timeout);
        call.Forwarded = true;
        WatchBodies(call, api.Route.Timeout);
        var transformer = new CallTransformer(call, api, journal, answers, addresses);
        var body = context.Response.Body;
        try
        {
            var error = await forwarder.SendAsync(context, api.Origin, invokers.Of(api.Origin), api.ForwarderConfig, transformer, cut.Token).ConfigureAwait(false);
            context.Response.Body = body;
            if (transformer.JournalFull)
                throw new JournalFullException();
            if (transformer.IsWhole)
                await SendWholeAsync(context, transformer.Whole).ConfigureAwait(false);
            else
                Judge(call, error);
        }
        finally
        {
            call.Life.TryStopWaiting();
        }
    }

    // What the forwarder calls cancelled was the client's doing, unless we did it.
    private static void Judge(Call call, ForwarderError error)
    {
        switch (error)
        {
            case ForwarderError.None or ForwarderError.UpgradeActivityTimeout:
                return;
            case ForwarderError.RequestBodyClient:
                throw new ClientBodyException(new IOException("The forwarder could not read the client's body."));
            case ForwarderError.ResponseBodyClient or ForwarderError.UpgradeRequestClient or ForwarderError.UpgradeResponseClient or ForwarderError.RequestCanceled
                or ForwarderError.RequestBodyCanceled or ForwarderError.ResponseBodyCanceled or ForwarderError.UpgradeRequestCanceled or ForwarderError.UpgradeResponseCanceled:
                call.Life.Cut(CutReason.ClientGone, call.Life.Generation);
                break;
        }
        throw new UpstreamException($"The forwarder failed: {error}.");
    }

    // The time until the headers starts anew with every piece of the client's body: a slow upload is not a slow upstream.
    private static void WatchBodies(Call call, TimeSpan timeout)
    {
        var context = call.Context;
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true)
        {
            context.Request.Body = new CountedStream(context.Request.Body, count =>
            {
                call.CountIn(count);
                if (call.UpstreamMicros < 0)
                    call.WaitAtMost(timeout);
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
}
