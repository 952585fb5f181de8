using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Tollgate.Admission.Leases;

/// <param name="Lease">So long a node may go on with calls that count as in flight without a word of Redis. So long, too, nobody else gets what it held.</param>
/// <param name="Margin">So much earlier it ends its calls and begins no more: they must be over when the others may have their places.</param>
internal sealed record SlotOptions(TimeSpan Lease, TimeSpan Margin)
{
    public static SlotOptions From(IConfiguration configuration)
    {
        var seconds = 30;
        if (configuration["Limits:InFlightLeaseSeconds"] is { Length: > 0 } text && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out seconds) || seconds is < 15 or > 600))
            throw new InvalidOperationException($"Limits__InFlightLeaseSeconds: '{text}' is not a number of seconds between 15 and 600.");
        return new SlotOptions(TimeSpan.FromSeconds(seconds), TimeSpan.FromSeconds(5));
    }
}
