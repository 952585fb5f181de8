using Tollgate.Gateway.Forwarding.Http1;
using Tollgate.Gateway.Upstreams;

namespace Tollgate.Gateway.Forwarding;

/// <summary>Whether it was the upstream's fault that a call got no answer.</summary>
internal static class Blame
{
    /// <summary>Null: the upstream has answered, or somebody else was the reason.</summary>
    public static TargetFailure? Of(Call call, Exception exception)
    {
        if (exception is not UpstreamException { Reach: not UpstreamReach.NotTried } upstream || call.UpstreamMicros >= 0)
            return null;
        return call.Life.Reason switch
        {
            CutReason.None => upstream.Reach == UpstreamReach.NotSent ? TargetFailure.ConnectFailed : TargetFailure.ConnectionBroken,
            // A client that holds its body back could take one target after the other out for everybody.
            CutReason.TimedOut when !call.AwaitsClient => TargetFailure.TimedOut,
            _ => null,
        };
    }
}
