using System.Globalization;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.DependencyInjection;

namespace Tollgate.Foundation;

/// <summary>
/// Limits for routes that need no key and no session, by client address (an IPv6 client by its /64). They live in this process.
/// Retry-After of a refusal is when the oldest permits that are out come back, which for an hourly limit may be in an hour.
/// </summary>
public static class AddressLimits
{
    /// <summary>The limit of what everybody may read: <c>Http__PublicRequestsPerMinute</c>, 1200.</summary>
    public const string Public = "public";

    /// <summary>Declares a named limit; use it with <c>.RequireRateLimiting(name)</c>.</summary>
    public static IServiceCollection AddAddressLimit(this IServiceCollection services, string name, int permits, TimeSpan window) =>
        services.Configure<RateLimiterOptions>(options => options.AddPolicy(name, context =>
        {
            var clock = context.RequestServices.GetRequiredService<TimeProvider>();
            return RateLimitPartition.Get<UInt128>(PartitionOf(context), _ => new AddressWindow(permits, window, clock));
        }));

    internal static async ValueTask RejectAsync(OnRejectedContext context, CancellationToken cancellation)
    {
        // Every limit of this class says it.
        context.Lease.TryGetMetadata(MetadataName.RetryAfter, out var after);
        var seconds = Math.Max(1, (int)Math.Ceiling(after.TotalSeconds));
        var failure = new Failure(FailureKind.LimitReached, "RATE_LIMITED", $"Too many requests from your address. Try again in {seconds} s.") { RetryAfterSeconds = seconds };
        context.HttpContext.Response.Headers["X-RateLimit-Remaining"] = "0";
        context.HttpContext.Response.Headers["X-RateLimit-Reset"] = seconds.ToString(CultureInfo.InvariantCulture);
        await Problems.Result(failure).ExecuteAsync(context.HttpContext).ConfigureAwait(false);
    }

    private static UInt128 PartitionOf(HttpContext context)
    {
        var address = context.RequestServices.GetRequiredService<ClientAddress>().Of(context);
        if (address is null)
            return 0;
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        address.TryWriteBytes(bytes, out var length);
        var number = System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes);
        return length == 16 ? number >> 64 << 64 : number;
    }
}
