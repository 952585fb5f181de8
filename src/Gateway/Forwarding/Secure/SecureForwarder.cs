using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Tollgate.Foundation;
using Tollgate.Gateway.Answers;
using Tollgate.Gateway.Forwarding.Http1;
using Tollgate.Gateway.Routing;
using Tollgate.Gateway.Upstreams;
using Tollgate.Metering;
using Yarp.ReverseProxy.Forwarder;

namespace Tollgate.Gateway.Forwarding.Secure;

/// <summary>Sends an admitted call to an upstream over TLS, HTTP/1.1 or 2, by YARP's forwarder (docs/decisions/0002).</summary>
internal sealed class SecureForwarder(IHttpForwarder forwarder, UpstreamInvokers invokers, CallJournal journal, AnswerWriter answers, ClientAddress addresses)
{
    /// <summary>As <see cref="Http1Forwarder.ForwardAsync"/>.</summary>
    public async ValueTask ForwardAsync(Call call, ServedApi api, Target target)
    {
        var context = call.Context;
        using var cut = new CutSource();
        if (!call.Life.TryWaitFor(cut))
            throw new UpstreamException("The call was cut before it was sent.");
        call.BeginToWait(api.Route.Timeout);
        var (body, upgrade) = (context.Request.Body, context.Features.Get<IHttpUpgradeFeature>());
        WatchBodies(call, upgrade, api.Route.Timeout);
        var transformer = new CallTransformer(call, api, target, journal, answers, addresses);
        var answer = context.Response.Body;
        try
        {
            var error = await forwarder.SendAsync(context, target.Origin, invokers.Of(target.Origin), api.ForwarderConfig, transformer, cut.Token).ConfigureAwait(false);
            context.Response.Body = answer;
            if (transformer.JournalFull)
                throw new JournalFullException();
            if (transformer.IsWhole)
                await SendWholeAsync(context, transformer.Whole).ConfigureAwait(false);
            else
                Judge(call, error, transformer.Begun);
        }
        finally
        {
            call.Life.TryStopWaiting();
            call.Forwarded |= transformer.Begun;
            // Another attempt would count everything twice.
            context.Request.Body = body;
            context.Features.Set(upgrade);
        }
    }

    // What the forwarder calls cancelled was the client's doing, unless we did it.
    private static void Judge(Call call, ForwarderError error, bool begun)
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
        throw new UpstreamException($"The forwarder failed: {error}.") { Reach = call.UpstreamMicros < 0 ? ReachOf(call.Context, begun) : UpstreamReach.Unknown };
    }

    // Of a broken connection nobody tells here how many bytes came before: that there was no head is what is known. The reset of one stream of HTTP/2 is the
    // upstream's decision, and may follow a head that nobody has read yet. That no connection could be made says nothing once the head was written to one: the
    // client library repeats what may be repeated by itself, and then it is the second connection that fails.
    private static UpstreamReach ReachOf(HttpContext context, bool begun)
    {
        var exception = context.GetForwarderErrorFeature()?.Exception;
        var unconnected = exception
            is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError }
            // The client library's own limit for connecting.
            or OperationCanceledException { InnerException: TimeoutException };
        if (unconnected && !begun)
            return UpstreamDialer.LacksDescriptors(exception) ? UpstreamReach.NotTried : UpstreamReach.NotSent;
        var broken = unconnected || exception
            is HttpRequestException { HttpRequestError: HttpRequestError.ResponseEnded } or HttpRequestException { InnerException: IOException { InnerException: SocketException } };
        return broken && UploadPlan.Of(context).MayRepeat ? UpstreamReach.NotHeard : UpstreamReach.Unknown;
    }

    private static void WatchBodies(Call call, IHttpUpgradeFeature? upgrade, TimeSpan timeout)
    {
        var context = call.Context;
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true)
            context.Request.Body = new ClientBody(context.Request.Body, call, timeout);
        if (upgrade is { IsUpgradableRequest: true })
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
