using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Tollgate.Gateway.Forwarding.Http1;

/// <summary>What there is to send besides the head, and whether it could be sent twice.</summary>
internal readonly record struct UploadPlan(UploadFraming Framing, bool Expects, bool Upgrades, bool IsHead, bool MayRepeat)
{
    public bool HasBody => Framing is UploadFraming.Length or UploadFraming.Chunks;

    public static UploadPlan Of(HttpContext context)
    {
        var request = context.Request;
        var method = request.Method;
        // Websockets alone: an upstream that took another protocol here would have a tunnel to itself.
        if (HttpMethods.IsGet(method) && request.Headers.Upgrade is [{ } protocol] && protocol.Equals("websocket", StringComparison.OrdinalIgnoreCase) && context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true })
            return new UploadPlan(UploadFraming.None, Expects: false, Upgrades: true, IsHead: false, MayRepeat: true);
        var length = request.ContentLength;
        var framing = UploadFraming.None;
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true)
            framing = length > 0 ? UploadFraming.Length : UploadFraming.Chunks;
        else if (length == 0)
            framing = UploadFraming.Empty;
        var hasBody = framing is UploadFraming.Length or UploadFraming.Chunks;
        var expects = hasBody && request.Headers.Expect.Count > 0;
        return new UploadPlan(framing, expects, Upgrades: false, HttpMethods.IsHead(method), MayRepeat: !hasBody && IsIdempotent(method));
    }

    // RFC 9110 9.2.2: to send these twice has the effect of once.
    private static bool IsIdempotent(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method)
        || HttpMethods.IsPut(method) || HttpMethods.IsDelete(method);
}
