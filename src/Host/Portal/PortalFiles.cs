using Microsoft.Extensions.FileProviders;
using Tollgate.Foundation;
using Tollgate.Host.Startup;

namespace Tollgate.Host.Portal;

/// <summary>
/// Serves the built portal (<c>Portal__Directory</c>, or portal/ beside the program, or portal/dist of a checkout). A browser's navigation (Accept: text/html)
/// gets the page, whatever the address; everything else goes on to the API. Addresses that are both (`/marketplace/…`) say so with Vary.
/// </summary>
internal static class PortalFiles
{
    private const string ContentSecurityPolicy =
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

    private static readonly string[] NeverPages = ["/api/", "/auth/", "/_api/", "/control/", "/docs/", "/v1/", "/platform/", "/metrics"];

    public static void UsePortalFiles(this WebApplication app, NodeRoles roles)
    {
        if (!roles.Portal || Find(app.Configuration) is not { } folder)
            return;
        var files = new PhysicalFileProvider(folder);
        var security = app.Services.GetRequiredService<SecurityHeaders>();
        app.Use((context, next) =>
        {
            if (IsNavigation(context.Request))
                context.Request.Path = "/index.html";
            else if (context.Request.Path.StartsWithSegments("/marketplace", StringComparison.OrdinalIgnoreCase))
                context.Response.OnStarting(static state => VaryByAccept((HttpContext)state), context);
            return next(context);
        });
        app.UseStaticFiles(new StaticFileOptions { FileProvider = files, OnPrepareResponse = prepared => SetHeaders(prepared.Context, security) });
    }

    private static bool IsNavigation(HttpRequest request) =>
        (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method))
        && PrefersPage(request)
        && !Array.Exists(NeverPages, prefix => request.Path.Value!.StartsWith(prefix, StringComparison.Ordinal));

    // A client that names both and likes JSON better is no browser.
    private static bool PrefersPage(HttpRequest request)
    {
        var page = QualityOf(request, "text/html");
        return page > 0 && page >= QualityOf(request, "application/json");
    }

    private static double QualityOf(HttpRequest request, string type) =>
        request.GetTypedHeaders().Accept.Where(range => range.MediaType.Equals(type, StringComparison.OrdinalIgnoreCase)).Select(range => range.Quality ?? 1).DefaultIfEmpty(0).Max();

    // Said last: an error begins its answer anew.
    private static Task VaryByAccept(HttpContext context)
    {
        context.Response.Headers.Vary = "Accept";
        return Task.CompletedTask;
    }

    private static void SetHeaders(HttpContext context, SecurityHeaders security)
    {
        var headers = context.Response.Headers;
        var hashed = context.Request.Path.StartsWithSegments("/assets", StringComparison.Ordinal);
        headers.CacheControl = hashed ? "public, max-age=31536000, immutable" : "no-cache";
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        security.Set(context);
        // Vite writes nothing else, and without it a browser would guess.
        if (context.Response.ContentType is { } type && (type.StartsWith("text/", StringComparison.Ordinal) || type.EndsWith("+xml", StringComparison.Ordinal)) && !type.Contains(';', StringComparison.Ordinal))
            context.Response.ContentType = $"{type}; charset=utf-8";
        if (!hashed)
            headers.Vary = "Accept";
    }

    private static string? Find(IConfiguration configuration)
    {
        string?[] candidates = [configuration["Portal:Directory"], Path.Combine(AppContext.BaseDirectory, "portal"), Path.Combine(Directory.GetCurrentDirectory(), "portal", "dist")];
        var folder = Array.Find(candidates, candidate => candidate is not null && File.Exists(Path.Combine(candidate, "index.html")));
        return folder is null ? null : Path.GetFullPath(folder);
    }
}
