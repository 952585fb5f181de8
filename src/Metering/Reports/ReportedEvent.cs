using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Tollgate.Metering.Reports;

/// <summary>An event that could be read. <see cref="Time"/> is null when it did not say one.</summary>
internal sealed record ReportedEvent(string Id, string Source, string Meter, Guid SubscriptionId, long Amount, DateTimeOffset? Time)
{
    /// <summary>What names the event among those of its organization.</summary>
    public byte[] Key() => Digest(Source, Id);

    /// <summary>What must be the same when the event is sent again.</summary>
    public byte[] Content() => Digest(Meter, SubscriptionId.ToString("n"), Amount.ToString(CultureInfo.InvariantCulture), Time?.UtcTicks.ToString(CultureInfo.InvariantCulture) ?? "");

    // No text can hold a NUL, so no two lists of texts are the same bytes.
    private static byte[] Digest(params string[] parts) => SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', parts)));
}

/// <summary>Why an event was refused. Codes are part of the API; docs/problems.html has them.</summary>
internal sealed record Rejection(string Code, string Detail)
{
    public static readonly Rejection MeterUnknown = new("METER_UNKNOWN", "The type is no meter of the organization whose API the subscription is for.");
    public static readonly Rejection SubscriptionUnknown = new("SUBSCRIPTION_UNKNOWN", "The subject is no subscription to an API of an organization for which you may report usage.");
    public static readonly Rejection TooOld = new("EVENT_TOO_OLD", "The event is older than 60 days.");
    public static readonly Rejection InFuture = new("EVENT_IN_FUTURE", "The event's time is more than 5 minutes ahead.");
    public static readonly Rejection BeforeSubscription = new("EVENT_BEFORE_SUBSCRIPTION", "The event's time is before the subscription began.");
    public static readonly Rejection SubscriptionEnded = new("SUBSCRIPTION_ENDED", "The subscription has ended. What was used before is taken for 24 hours after its end, with the time when it was used.");
    public static readonly Rejection IdReused = new("EVENT_ID_REUSED", "An event of this source and id is known with another content. The first one counts.");
}
