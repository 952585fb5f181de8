using Microsoft.AspNetCore.Http;

namespace Tollgate.Identity.Access;

/// <summary>
/// An organization that asks for a second factor which this session has not shown is no tenant of the request (<see cref="Caller.Tenant"/>). What an endpoint then does not
/// find may be there: the answer is why it cannot be seen, and not that it does not exist.
/// </summary>
internal static class WithheldOrganizations
{
    public static async ValueTask<object?> ExplainAsync(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next)
    {
        var result = await next(invocation).ConfigureAwait(false);
        return result is IStatusCodeHttpResult { StatusCode: StatusCodes.Status404NotFound } && Caller.Of(invocation.HttpContext) is { Stated: { Permission: not null, WithoutSecondFactor: false } } caller
            && caller.Memberships.Any(m => m.SecondFactorMissing)
            ? Foundation.Problems.Result(AccountConditions.SecondFactorRequired)
            : result;
    }
}
