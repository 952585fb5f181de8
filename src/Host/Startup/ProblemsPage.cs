using Tollgate.Foundation;

namespace Tollgate.Host.Startup;

/// <summary>Where the <c>type</c> of every problem leads: docs/problems.html, in the program.</summary>
internal static class ProblemsPage
{
    public static void MapProblemsPage(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/docs/problems", () => Results.Stream(typeof(ProblemsPage).Assembly.GetManifestResourceStream("problems.html")!, "text/html; charset=utf-8"))
            .WithName("getProblems").AllowAnonymous().RequireRateLimiting(AddressLimits.Public).ExcludeFromDescription();
}
