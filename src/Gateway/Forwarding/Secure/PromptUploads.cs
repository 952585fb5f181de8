using System.Net;

namespace Tollgate.Gateway.Forwarding.Secure;

/// <summary>
/// Passes each piece of an upload on as it comes. Over HTTP/1.1 the client library would keep the request's head and up to 4 KiB of its body until more
/// comes or the body ends, and an upstream that answers while it reads would wait for ever. A call that must not be made twice gets an empty body where it has
/// none: the client library repeats by itself what an upstream closed its connection on, unless a body has begun.
/// </summary>
internal sealed class PromptUploads(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Content is { } content)
            request.Content = new PromptContent(content);
        else if (!MayRepeat(request.Method))
            request.Content = new PromptContent(new ByteArrayContent([]));
        return base.SendAsync(request, cancellationToken);
    }

    // Idempotent by RFC 9110 9.2.2; and websockets over HTTP/2, whose stream is no body.
    private static bool MayRepeat(HttpMethod method) => method == HttpMethod.Get || method == HttpMethod.Head || method == HttpMethod.Options || method == HttpMethod.Put
        || method == HttpMethod.Delete || method == HttpMethod.Trace || method == HttpMethod.Connect;

    private sealed class PromptContent : HttpContent
    {
        private readonly HttpContent _inner;

        public PromptContent(HttpContent inner)
        {
            _inner = inner;
            foreach (var (name, values) in inner.Headers.NonValidated)
                Headers.TryAddWithoutValidation(name, values);
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
            _inner.CopyToAsync(new FlushedStream(stream), context, cancellationToken);

        protected override bool TryComputeLength(out long length)
        {
            length = _inner.Headers.ContentLength ?? 0;
            return _inner.Headers.ContentLength is not null;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                _inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
