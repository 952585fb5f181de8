using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Foundation;

namespace Tollgate.Identity.Access;

/// <summary>
/// Who calls is read before the body. A body that takes its time must not keep a session, a membership or a role alive that ended meanwhile: once it is there, the
/// caller is read anew.
/// </summary>
internal static class SlowBody
{
    // Within that time, the look before the body is as good as another one.
    private static readonly TimeSpan Slow = TimeSpan.FromMilliseconds(100);

    public static readonly Failure Ended = new(FailureKind.Unauthenticated, "UNAUTHENTICATED", "The session or API token ended while the request was being sent.");

    public static async ValueTask<object?> RecheckAsync(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next)
    {
        var context = invocation.HttpContext;
        if (!IsSafe(context.Request.Method) && Caller.Of(context) is { LoadedAt: { } loadedAt } caller
            && context.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow() - loadedAt >= Slow)
        {
            if (await context.RequestServices.GetRequiredService<CallerStore>().ReloadAsync(caller, context.RequestAborted).ConfigureAwait(false) is not { } loaded)
                return Problems.Result(Ended);
            Caller.Set(context, loaded);
            var now = Caller.Of(context)!;
            if (AccessRequirement.Of(context)?.Refusal(now) is { } refused)
                return Problems.Result(refused);
            for (var i = 0; i < invocation.Arguments.Count; i++)
                if (invocation.Arguments[i] is Caller)
                    invocation.Arguments[i] = now;
        }
        return await next(invocation).ConfigureAwait(false);
    }

    public static bool IsSafe(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method);
}
