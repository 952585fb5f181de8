using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

// What the parts of .NET cost without any policy. Usage: PORT UPSTREAM yarp|forwarder|invoker [inline]
var (port, upstream, kind, inline) = (int.Parse(args[0]), args[1], args[2], args.Length > 3);
var builder = WebApplication.CreateSlimBuilder();
builder.Logging.ClearProviders();
builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
if (inline)
    builder.Services.Configure<SocketTransportOptions>(options => options.UnsafePreferInlineScheduling = true);
var route = new RouteConfig { RouteId = "all", ClusterId = "api", Match = new RouteMatch { Path = "{**rest}" } };
var cluster = new ClusterConfig
{
    ClusterId = "api",
    Destinations = new Dictionary<string, DestinationConfig>(StringComparer.Ordinal) { ["only"] = new() { Address = upstream } },
};
builder.Services.AddReverseProxy().LoadFromMemory([route], [cluster]);
await using var app = builder.Build();
using var invoker = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false, ActivityHeadersPropagator = null });
switch (kind)
{
    case "yarp":
        app.MapReverseProxy();
        break;
    case "forwarder":
        var forwarder = app.Services.GetRequiredService<IHttpForwarder>();
        app.Run(async context => await forwarder.SendAsync(context, upstream, invoker));
        break;
    default:
        app.Run(Invoke);
        break;
}
await app.RunAsync();

async Task Invoke(HttpContext context)
{
    using var request = new HttpRequestMessage(HttpMethod.Get, upstream + context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget);
    foreach (var (name, values) in context.Request.Headers)
        if (!name.Equals("Host", StringComparison.OrdinalIgnoreCase))
            request.Headers.TryAddWithoutValidation(name, values.ToString());
    using var response = await invoker.SendAsync(request, context.RequestAborted);
    context.Response.StatusCode = (int)response.StatusCode;
    foreach (var (name, values) in response.Headers.NonValidated)
        if (!name.Equals("Connection", StringComparison.OrdinalIgnoreCase))
            context.Response.Headers[name] = values.ToString();
    foreach (var (name, values) in response.Content.Headers.NonValidated)
        context.Response.Headers[name] = values.ToString();
    await response.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
}
