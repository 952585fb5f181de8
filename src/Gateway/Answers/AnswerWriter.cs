using Microsoft.AspNetCore.Http;
using Tollgate.Foundation;
using Tollgate.Gateway.Forwarding;
using Tollgate.Gateway.Forwarding.Http1;
using Tollgate.Gateway.Listener;
using Tollgate.Gateway.Routing;
using Tollgate.Gateway.Server;

namespace Tollgate.Gateway.Answers;

/// <summary>Writes an upstream's answer to the client, with what the gateway adds to it: as bytes where the client is served by our own server, else as fields of Kestrel's.</summary>
internal sealed class AnswerWriter(RateLimitHeaders limits, GatewayOptions options)
{
    private const int IdBytes = 40;

    public void WriteHead(Call call, ServedApi api, in AnswerHead head, Http1Connection connection)
    {
        // The server would refuse to send an answer without a body with the length of one.
        var length = head.Status == StatusCodes.Status205ResetContent ? 0 : head.StatedLength;
        var received = connection.Received[..AnswerHead.Find(connection.Received)];
        if (call.Context.Features is Exchange exchange)
        {
            var answer = new HeadFields(exchange.BeginHead(head.Status));
            var dated = AnswerFields.Copy(received, connection.Fields, answer);
            AddOwn(call, api, answer);
            exchange.EndHead(length, dated);
            return;
        }
        var response = call.Context.Response;
        response.StatusCode = head.Status;
        AnswerFields.Copy(received, connection.Fields, new ServerFields(response.Headers));
        response.ContentLength = length;
        AddOwn(call, api, response.Headers);
    }

    public void WriteUpgradeHead(Call call, ServedApi api, Http1Connection connection)
    {
        var response = call.Context.Response;
        response.StatusCode = StatusCodes.Status101SwitchingProtocols;
        var head = connection.Received[..AnswerHead.Find(connection.Received)];
        var answer = new ServerFields(response.Headers);
        AnswerFields.Copy(head, connection.Fields, answer);
        AnswerFields.CopyUpgrade(head, connection.Fields, answer);
        AddOwn(call, api, response.Headers);
    }

    /// <summary>What the gateway says on every answer of an upstream.</summary>
    public void AddOwn(Call call, ServedApi api, IHeaderDictionary headers) => AddOwn(call, api, new ServerFields(headers));

    private void AddOwn<T>(Call call, ServedApi api, T answer)
        where T : struct, IAnswerFields
    {
        Span<byte> id = stackalloc byte[IdBytes];
        answer.Add("X-Request-Id"u8, id[..TypeId.Format("req"u8, call.RequestId, id)]);
        limits.Write(answer, call.Decision);
        if (options.AllowsCors(api.Name) && !answer.Has("Access-Control-Allow-Origin"u8))
            answer.Add("Access-Control-Allow-Origin"u8, "*"u8);
    }
}
