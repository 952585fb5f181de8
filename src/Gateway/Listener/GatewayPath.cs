using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Tollgate.Admission;
using Tollgate.Foundation;
using Tollgate.Gateway.Answers;
using Tollgate.Gateway.BuiltIn;
using Tollgate.Gateway.Forwarding;
using Tollgate.Gateway.Metrics;
using Tollgate.Gateway.Routing;
using Tollgate.Gateway.Server;
using Tollgate.Gateway.Sockets;
using Tollgate.Metering;

namespace Tollgate.Gateway.Listener;

/// <summary>The one path: route, key and admission, forward; the journal stands between the last two and the client. No database is asked here.</summary>
internal sealed partial class GatewayPath(Routes routes, Turnstile turnstile, Forwarder forwarder, BuiltInCalls builtIn, OwnAnswers answers, CallJournal journal, IAdmission admission,
    ClientAddress addresses, GatewayMetrics metrics, GatewayOptions options, ILogger<GatewayPath> logger)
{
    private static readonly MeterAmounts OneRequest = Amounts.Of(Meter.Requests);
    private static readonly byte[] Healthy = "{\"status\":\"ok\"}"u8.ToArray();

    private readonly InFlight _inFlight = new();

    [AsyncMethodBuilder(typeof(PathMethodBuilder))]
    public async ValueTask RunAsync(HttpContext context, Call call)
    {
        call.Begin(context, requestId: null, HttpProtocol.IsHttp11(context.Request.Protocol) || HttpProtocol.IsHttp10(context.Request.Protocol));
        if (context.Features is Exchange exchange)
            exchange.RequestId = call.RequestId;
        else
            context.TraceIdentifier = call.RequestIdText;
        call.Figures = metrics.None;
        try
        {
            await RouteAsync(context, call).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client left while the gateway's own answer was on its way.
        }
        catch (Exception exception)
        {
            LogBug(logger, exception, context.TraceIdentifier);
            call.Figures.Refused(InternalError);
            if (context.Response.HasStarted)
                context.Abort();
            else
                await ProblemWriter.SendAsync(context, InternalError).ConfigureAwait(false);
        }
        finally
        {
            call.Figures.Ended(context.Response.StatusCode, call.ElapsedMicros);
            call.Figures.Moved(call.BytesIn, call.BytesOut);
        }
    }

    private static readonly Problem InternalError = new(500, "INTERNAL_ERROR", "Something went wrong on our side. Quote the request id when you report it.");

    private ValueTask RouteAsync(HttpContext context, Call call)
    {
        var raw = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        switch (Find(context, raw, out var api, out var start))
        {
            case Found.Invalid:
                return RefuseAsync(call, Refusals.PathInvalid);
            case Found.NoMethod:
                context.Response.Headers.Connection = "close";
                return RefuseAsync(call, Refusals.MethodNotImplemented);
            case Found.Health:
                call.Figures = metrics.Health;
                return HealthAsync(context);
            case Found.BuiltIn:
                call.Figures = metrics.BuiltIn;
                return new ValueTask(builtIn.RunAsync(context, raw[start..]));
            case Found.Nothing:
                return RefuseAsync(call, routes.Loaded ? Refusals.ApiNotFound : Refusals.NotReady);
            default:
                call.Figures = metrics.Of(api!);
                return ServeAsync(context, call, api!, raw.AsMemory(start));
        }
    }

    private enum Found
    {
        Api,
        BuiltIn,
        Health,
        Invalid,
        NoMethod,
        Nothing,
    }

    // start: where in the raw target begins what lies below the API; for anything else its path.
    private Found Find(HttpContext context, string raw, out ServedApi? api, out int start)
    {
        api = null;
        start = 0;
        // A tunnel has no place here, and an echo of the request would show what was added to it for the upstream.
        if (HttpMethods.IsConnect(context.Request.Method) || HttpMethods.IsTrace(context.Request.Method))
            return Found.NoMethod;
        if (!RequestTarget.TryParse(raw, out var target))
            return Found.Invalid;
        start = raw.Length - target.PathAndQuery.Length;
        if (routes.Table.TryFind(context.Request.Host.Value, target.Path, out api, out var consumed))
        {
            start += consumed;
            return Found.Api;
        }
        if (target.Path is "/_api/healthz")
            return Found.Health;
        return target.Path.StartsWith(BuiltInCalls.Root, StringComparison.Ordinal) ? Found.BuiltIn : Found.Nothing;
    }

    [AsyncMethodBuilder(typeof(PathMethodBuilder))]
    private async ValueTask ServeAsync(HttpContext context, Call call, ServedApi api, ReadOnlyMemory<char> rest)
    {
        if (options.AllowsCors(api.Name) && Preflight.IsOne(context.Request))
        {
            Preflight.Answer(context);
            return;
        }
        if (!admission.Ready)
        {
            await RefuseAsync(call, Refusals.NotReady).ConfigureAwait(false);
            return;
        }
        call.Address(api.Route.ApiId, api.Name, api.Route.Version, api.Route.ProviderOrganizationId, addresses.Of(context), rest);
        call.OperationId = api.Operations.Match(context.Request.Method, call.Path);
        if (!await turnstile.EnterAsync(call, OneRequest).ConfigureAwait(false))
            return;
        var here = _inFlight.TryEnter(options.MaxInFlight);
        var there = here && api.InFlight.TryEnter(options.MaxInFlightPerApi);
        try
        {
            if (there)
                await forwarder.ForwardAsync(call, api).ConfigureAwait(false);
            else
                await OverloadAsync(call).ConfigureAwait(false);
        }
        finally
        {
            if (there)
                api.InFlight.Leave();
            if (here)
                _inFlight.Leave();
            turnstile.Leave(call);
        }
    }

    private ValueTask OverloadAsync(Call call)
    {
        journal.GiveBack(call);
        return new ValueTask(answers.EndAsync(call, Refusals.Overloaded, UsageOutcome.Refused, RefusalReason.Overload, billable: false));
    }

    private static ValueTask RefuseAsync(Call call, Problem problem)
    {
        call.Figures.Refused(problem);
        return new ValueTask(ProblemWriter.SendAsync(call.Context, problem));
    }

    private static async ValueTask HealthAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = Healthy.Length;
        OwnHeaders.Set(context);
        if (!HttpMethods.IsHead(context.Request.Method))
            await context.Response.Body.WriteAsync(Healthy, context.RequestAborted).ConfigureAwait(false);
    }

    [LoggerMessage(1, LogLevel.Error, "Unexpected error on the gateway in request {RequestId}")]
    private static partial void LogBug(ILogger logger, Exception exception, string requestId);
}
