using Microsoft.AspNetCore.Http;
using Tollgate.Foundation;
using Tollgate.Gateway.Forwarding;
using Tollgate.Gateway.Forwarding.Http1;
using Tollgate.Gateway.Listener;
using Tollgate.Gateway.Routing;

namespace Tollgate.Gateway.Answers;

/// <summary>Writes an upstream's answer to the client, with what the gateway adds to it.</summary>
internal sealed class AnswerWriter(RateLimitHeaders limits, GatewayOptions options)
{
    public void WriteHead(Call call, ServedApi api, in AnswerHead head, Http1Connection connection)
    {
        var response = call.Context.Response;
        response.StatusCode = head.Status;
        AnswerFields.Copy(connection.Received[..AnswerHead.Find(connection.Received)], connection.Fields, response.Headers);
        // The server would refuse to send an answer without a body with the length of one.
        response.ContentLength = head.Status == StatusCodes.Status205ResetContent ? 0 : head.StatedLength;
        AddOwn(call, api, response.Headers);
    }

    public void WriteUpgradeHead(Call call, ServedApi api, Http1Connection connection)
    {
        var response = call.Context.Response;
        response.StatusCode = StatusCodes.Status101SwitchingProtocols;
        var head = connection.Received[..AnswerHead.Find(connection.Received)];
        AnswerFields.Copy(head, connection.Fields, response.Headers);
        AnswerFields.CopyUpgrade(head, connection.Fields, response.Headers);
        AddOwn(call, api, response.Headers);
    }

    /// <summary>What the gateway says on every answer of an upstream.</summary>
    public void AddOwn(Call call, ServedApi api, IHeaderDictionary headers)
    {
        headers[RequestId.Header] = call.RequestIdText;
        limits.Write(headers, call.Decision);
        if (options.AllowsCors(api.Name) && headers.AccessControlAllowOrigin.Count == 0)
            headers.AccessControlAllowOrigin = "*";
    }
}
