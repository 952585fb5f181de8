using System.Text;
using Microsoft.AspNetCore.Http;
using Tollgate.Foundation;
using Tollgate.Gateway.Answers;
using Tollgate.Gateway.Routing;
using Tollgate.Gateway.Signing;
using Tollgate.Gateway.Upstreams;
using Tollgate.Metering;
using Yarp.ReverseProxy.Forwarder;

namespace Tollgate.Gateway.Forwarding.Secure;

/// <summary>What one call changes on its way: the request's head to the upstream, and the answer's head back, with the journal between the two.</summary>
internal sealed class CallTransformer(Call call, ServedApi api, Target target, CallJournal journal, AnswerWriter answers, ClientAddress addresses) : HttpTransformer
{
    /// <summary>A field that each request has.</summary>
    public const string Mark = "X-Tollgate-Request";

    /// <summary>An answer up to this size is read whole, so that it needs one record only.</summary>
    private const int WholeBytes = 64 * 1024;

    private static readonly HttpRequestOptionsKey<CallTransformer> Key = new("tollgate.transformer");
    private static readonly UriCreationOptions Raw = new() { DangerousDisablePathAndQueryCanonicalization = true };

    private volatile bool _begun;

    /// <summary>The head of the request was written to a connection: the upstream may have it.</summary>
    public bool Begun => _begun;

    /// <summary>A whole answer that waits to be sent.</summary>
    public ReadOnlyMemory<byte> Whole { get; private set; }

    public bool IsWhole { get; private set; }

    public bool JournalFull { get; private set; }

    public override async ValueTask TransformRequestAsync(HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        // Before the fields that say it are taken out: another try needs it again.
        var (proto, host) = call.OriginBy(addresses);
        var incoming = httpContext.Request.Headers;
        ClientHeaders.Clean(incoming);
        TraceContext.Continue(incoming);
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken).ConfigureAwait(false);

        var pathAndQuery = PathAndQuery();
        proxyRequest.RequestUri = new Uri(target.Origin + pathAndQuery, Raw);
        var headers = proxyRequest.Headers;
        headers.Host = null;
        // The upload begins with the head: a call whose body has begun is sent once only.
        headers.Remove("Expect");
        proxyRequest.Options.Set(Key, this);
        var subscription = TypeId.Format("sub", call.Decision.SubscriptionId);
        headers.TryAddWithoutValidation(RequestId.Header, call.RequestIdText);
        headers.TryAddWithoutValidation(Mark, call.RequestIdText);
        headers.TryAddWithoutValidation("X-Tollgate-Subscription", subscription);
        headers.TryAddWithoutValidation("X-Tollgate-Plan", TypeId.Format("plan", call.Decision.PlanId));
        headers.TryAddWithoutValidation(UpstreamSigner.Header, Sign(proxyRequest.Method.Method, pathAndQuery, subscription));
        headers.TryAddWithoutValidation("X-Forwarded-For", call.Client?.ToString() ?? "unknown");
        headers.TryAddWithoutValidation("X-Forwarded-Proto", proto);
        headers.TryAddWithoutValidation("X-Forwarded-Host", host);
        AddSecrets(proxyRequest);
    }

    /// <summary>Called by the client library while it writes a request's head to a connection.</summary>
    public static void NoteBegin(HttpRequestMessage request)
    {
        if (request.Options.TryGetValue(Key, out var transformer))
            transformer._begun = true;
    }

    public override async ValueTask<bool> TransformResponseAsync(HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
    {
        if (proxyResponse is null)
            return true;
        call.UpstreamAnswered((int)proxyResponse.StatusCode);
        await base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken).ConfigureAwait(false);
        WriteOwnHeaders(httpContext.Response.Headers, proxyResponse);
        try
        {
            return await RecordAsync(httpContext, proxyResponse, cancellationToken).ConfigureAwait(false);
        }
        catch (JournalFullException)
        {
            JournalFull = true;
            throw;
        }
    }

    // True: the forwarder sends the body. False: it is whole and the pipeline sends it.
    private async ValueTask<bool> RecordAsync(HttpContext context, HttpResponseMessage response, CancellationToken cancellation)
    {
        var status = (int)response.StatusCode;
        if (status == StatusCodes.Status101SwitchingProtocols)
        {
            await BeginAsync(status).ConfigureAwait(false);
            return true;
        }
        // The server would refuse to send such an answer with the length of a body that it cannot have.
        if (status is StatusCodes.Status204NoContent or StatusCodes.Status205ResetContent)
            context.Response.ContentLength = status == StatusCodes.Status205ResetContent ? 0 : null;
        var length = HasNoBody(context, status) ? 0 : response.Content.Headers.ContentLength;
        if (length is null or > WholeBytes)
        {
            await BeginAsync(status).ConfigureAwait(false);
            context.Response.Body = new CountedStream(context.Response.Body, read: null, count => call.CountOut(count));
            // Of a stream the client wants to know at once that it has begun; its first event may be long in coming.
            if (length is null)
                await context.Response.Body.FlushAsync(cancellation).ConfigureAwait(false);
            return true;
        }
        // A whole answer that stalls after its headers gets the same time once more.
        call.WaitAtMost(api.Route.Timeout);
        if (length > 0)
            Whole = await response.Content.ReadAsByteArrayAsync(cancellation).ConfigureAwait(false);
        call.Life.Deadline = 0;
        IsWhole = true;
        call.CountOut(Whole.Length);
        await journal.AppendAsync(call, status, UsageOutcome.Served, RefusalReason.None, billable: true).ConfigureAwait(false);
        return false;
    }

    private ValueTask BeginAsync(int status)
    {
        call.Life.Deadline = 0;
        return journal.BeginAsync(call, status);
    }

    private string PathAndQuery() => target.BasePath.Length == 0 && !call.Rest.Span.StartsWith('/')
        ? string.Concat("/", call.Rest.Span)
        : string.Concat(target.BasePath, call.Rest.Span);

    private string Sign(string method, string pathAndQuery, string subscription)
    {
        Span<byte> value = stackalloc byte[UpstreamSigner.MostBytes];
        var length = api.Signer.Sign(call.StartMicros / 1_000_000, Encoding.ASCII.GetBytes(method), Encoding.ASCII.GetBytes(pathAndQuery),
            Encoding.ASCII.GetBytes(call.RequestIdText), Encoding.ASCII.GetBytes(subscription), value);
        return Encoding.ASCII.GetString(value[..length]);
    }

    private void AddSecrets(HttpRequestMessage request)
    {
        foreach (var (name, value) in api.Route.UpstreamHeaders)
        {
            request.Headers.Remove(name);
            if (request.Headers.TryAddWithoutValidation(name, value) || request.Content is not { } content)
                continue;
            content.Headers.Remove(name);
            content.Headers.TryAddWithoutValidation(name, value);
        }
    }

    private void WriteOwnHeaders(IHeaderDictionary headers, HttpResponseMessage response)
    {
        // The answer's own nominations end at this hop too.
        foreach (var option in response.Headers.Connection)
            if (!option.Equals("upgrade", StringComparison.OrdinalIgnoreCase) && !option.Equals("close", StringComparison.OrdinalIgnoreCase))
                headers.Remove(option);
        PortalCookies.Drop(headers);
        headers.Remove("RateLimit");
        headers.Remove("RateLimit-Policy");
        headers.Remove("X-RateLimit-Limit");
        headers.Remove("X-RateLimit-Remaining");
        headers.Remove("X-RateLimit-Reset");
        answers.AddOwn(call, api, headers);
    }

    private static bool HasNoBody(HttpContext context, int status) =>
        HttpMethods.IsHead(context.Request.Method) || status is StatusCodes.Status204NoContent or StatusCodes.Status205ResetContent or StatusCodes.Status304NotModified;
}
