using System.Numerics;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Tollgate.Gateway.Forwarding.Http1;
using Tollgate.Gateway.Forwarding.Secure;
using Tollgate.Gateway.Routing;
using Tollgate.Gateway.Sockets;
using Tollgate.Gateway.Upstreams;

namespace Tollgate.Gateway.Forwarding;

/// <summary>
/// Sends a call to one of several targets, and to another one where that is safe: nothing was sent, or it was sent, can be repeated and no answer began.
/// Each target is tried once at most, and all tries share the call's one time-out.
/// </summary>
internal sealed partial class BalancedForwarder(Http1Forwarder plain, SecureForwarder secure, ILogger<BalancedForwarder> logger)
{
    /// <summary>As <see cref="Http1Forwarder.ForwardAsync"/>.</summary>
    [AsyncMethodBuilder(typeof(PathMethodBuilder))]
    public async ValueTask ForwardAsync(Call call, ServedApi api)
    {
        call.WaitAtMost(api.Route.Timeout);
        var tried = 0u;
        while (true)
        {
            var attempt = api.Upstreams.Pick(tried);
            var target = attempt.Target!;
            tried |= target.Bit;
            call.Attempt = attempt;
            target.Health.Enter();
            try
            {
                if (target.IsPlain)
                    await plain.ForwardAsync(call, api, target).ConfigureAwait(false);
                else
                    await secure.ForwardAsync(call, api, target).ConfigureAwait(false);
                return;
            }
            catch (UpstreamException exception)
            {
                if (Blame.Of(call, exception) is { } failure && target.Failed(failure, attempt.Trial))
                    LogRest(logger, target.Index, api.Name, failure);
                if (exception.Reach is UpstreamReach.Unknown or UpstreamReach.NotTried || call.Life.Reason != CutReason.None || BitOperations.PopCount(tried) == api.Upstreams.Targets.Count)
                    throw;
            }
            finally
            {
                target.Health.Leave();
            }
            // The forwarder for TLS leaves its own verdict there.
            call.Context.Response.Clear();
        }
    }

    [LoggerMessage(521, LogLevel.Warning, "Upstream {Index} of {Api} rests: {Failure}")]
    private static partial void LogRest(ILogger logger, int index, string api, TargetFailure failure);
}
