using Microsoft.AspNetCore.Http;

namespace Tollgate.Foundation;

/// <summary>Where the authentication of a request leaves its tenant context for everything below the endpoint.</summary>
public static class HttpTenant
{
    private static readonly object Key = new();

    public static void Set(HttpContext context, TenantContext tenant)
    {
        ArgumentNullException.ThrowIfNull(context);
        context.Items[Key] = tenant;
    }

    public static TenantContext Of(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Items.TryGetValue(Key, out var value) && value is TenantContext tenant ? tenant : TenantContext.Nobody;
    }
}
