using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Tollgate.Foundation;
using Tollgate.Gateway.Routing;
using Tollgate.Gateway.Signing;
using Tollgate.Gateway.Wire;

namespace Tollgate.Gateway.Forwarding.Http1;

/// <summary>How a request's body goes on.</summary>
internal enum UploadFraming
{
    None,

    /// <summary>No body, and the client said so.</summary>
    Empty,
    Length,
    Chunks,
}

/// <summary>Writes the head of a request as the upstream gets it.</summary>
internal sealed class RequestHead(ClientAddress addresses)
{
    private const int IdBytes = 40;

    public void Write(HeadBuffer head, string authority, Call call, ServedApi api, string basePath, UploadPlan plan)
    {
        var request = call.Context.Request;
        head.Clear();
        head.Add(MethodBytes.Of(request.Method).Span);
        head.Add(" "u8);
        var path = head.Length;
        WritePath(head, basePath, call.Rest.Span);
        var pathLength = head.Length - path;
        head.Add(" HTTP/1.1\r\nHost: "u8);
        head.Add(authority.AsSpan());
        head.EndLine();
        RequestFields.Write(head, request.Headers, api.SecretNames);
        TraceContext.Write(head, request.Headers);
        WriteIdentity(head, call, api, path, pathLength);
        WriteOrigin(head, call);
        head.Add(api.SecretFields.Span);
        WriteFraming(head, request, plan);
        head.EndLine();
    }

    // The bytes of the path go on as they came.
    private static void WritePath(HeadBuffer head, string basePath, ReadOnlySpan<char> rest)
    {
        head.Add(basePath.AsSpan());
        if (basePath.Length == 0 && !rest.StartsWith('/'))
            head.Add("/"u8);
        head.Add(rest);
    }

    [SkipLocalsInit]
    private static void WriteIdentity(HeadBuffer head, Call call, ServedApi api, int path, int pathLength)
    {
        Span<byte> requestId = stackalloc byte[IdBytes];
        requestId = requestId[..TypeId.Format("req"u8, call.RequestId, requestId)];
        Span<byte> subscription = stackalloc byte[IdBytes];
        subscription = subscription[..TypeId.Format("sub"u8, call.Decision.SubscriptionId, subscription)];
        Span<byte> signature = stackalloc byte[UpstreamSigner.MostBytes];
        var signed = api.Signer.Sign(call.StartMicros / 1_000_000, MethodBytes.Of(call.Context.Request.Method).Span,
            head.Written.Span.Slice(path, pathLength), requestId, subscription, signature);
        head.Add("X-Request-Id: "u8);
        head.Add(requestId);
        head.Add("\r\nX-Tollgate-Request: "u8);
        head.Add(requestId);
        head.Add("\r\nX-Tollgate-Subscription: "u8);
        head.Add(subscription);
        head.Add("\r\nX-Tollgate-Plan: "u8);
        head.Advance(TypeId.Format("plan"u8, call.Decision.PlanId, head.Room(IdBytes)));
        head.Add("\r\nX-Tollgate-Signature: "u8);
        head.Add(signature[..signed]);
        head.EndLine();
    }

    private void WriteOrigin(HeadBuffer head, Call call)
    {
        var (proto, host) = call.OriginBy(addresses);
        head.Add("X-Forwarded-For: "u8);
        if (call.Client is { } client && client.TryFormat(head.Room(64), out var length))
            head.Advance(length);
        else
            head.Add("unknown"u8);
        head.EndLine();
        head.Field("X-Forwarded-Proto", proto);
        head.Field("X-Forwarded-Host", host);
    }

    private static void WriteFraming(HeadBuffer head, HttpRequest request, UploadPlan plan)
    {
        if (plan.Upgrades)
        {
            head.Add("Connection: Upgrade\r\n"u8);
            head.Field("Upgrade", request.Headers.Upgrade.ToString());
            return;
        }
        switch (plan.Framing)
        {
            case UploadFraming.Empty:
                head.Add("Content-Length: 0\r\n"u8);
                break;
            case UploadFraming.Length:
                head.Add("Content-Length: "u8);
                head.Number(request.ContentLength!.Value);
                head.EndLine();
                break;
            case UploadFraming.Chunks:
                head.Add("Transfer-Encoding: chunked\r\n"u8);
                break;
        }
        if (plan.Expects)
            head.Add("Expect: 100-continue\r\n"u8);
    }
}
