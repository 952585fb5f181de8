using System.Runtime.CompilerServices;

namespace Tollgate.Metering;

/// <summary>How a call ended. Stored as smallint; values are part of the journal's format.</summary>
public enum UsageOutcome : byte
{
    Served = 1,
    Refused = 2,
    UpstreamFailed = 3,
    ClientAborted = 4,
    Interrupted = 5,
}

/// <summary>Why a call with a known key was refused. Stored as smallint; values are part of the journal's format.</summary>
public enum RefusalReason : byte
{
    None = 0,
    Rate = 1,
    Quota = 2,
    Concurrency = 3,
    SpendCap = 4,
    SubscriptionInactive = 5,
    EndpointNotInPlan = 6,
    KeyRevoked = 7,
    KeyExpired = 8,
    Overload = 9,
    Unmetered = 10,
    AddressNotAllowed = 11,
    EndpointNotInKey = 12,
}

/// <summary>One (meter, amount) pair of an event.</summary>
public readonly record struct MeterAmount(byte Meter, long Amount);

/// <summary>Up to four (meter, amount) pairs, inline. A pair with code 0 is unused.</summary>
[InlineArray(4)]
public struct MeterAmounts
{
    private MeterAmount _first;
}

/// <summary>
/// The fact that something was used. No query, headers or bodies, ever. <see cref="Method"/> and <see cref="Path"/> are UTF-8 and may point into
/// the caller's buffers: the journal copies them before it returns.
/// </summary>
public struct UsageEvent
{
    public Guid RequestId;

    /// <summary>Microseconds since the Unix epoch, UTC.</summary>
    public long StartMicros;

    /// <summary>Microseconds from the request's arrival to the end of the answer.</summary>
    public long DurationMicros;

    /// <summary>Microseconds to the upstream's response headers; -1 when there were none.</summary>
    public long UpstreamMicros;

    public Guid KeyId;
    public Guid SubscriptionId;
    public int PlanVersion;

    /// <summary>Start of the billing period that the event counts in, seconds since the Unix epoch: stamped at admission.</summary>
    public long PeriodStartSeconds;

    /// <summary>The consumer.</summary>
    public Guid OrganizationId;
    public Guid ProviderOrganizationId;
    public Guid ApiId;
    public int ApiVersion;

    /// <summary>Guid.Empty when no operation of the document matches.</summary>
    public Guid OperationId;
    public ReadOnlyMemory<byte> Method;

    /// <summary>Path below the API without query; cut to 256 bytes by the journal.</summary>
    public ReadOnlyMemory<byte> Path;
    public short Status;
    public UsageOutcome Outcome;
    public RefusalReason Reason;
    public bool Billable;
    public long BytesIn;
    public long BytesOut;

    /// <summary>Two ASCII letters, upper case, or 0.</summary>
    public ushort Country;

    /// <summary>IPv6 or IPv4-mapped, 16 bytes in network order. Never shown to the provider.</summary>
    public UInt128 ClientAddress;
    public MeterAmounts Amounts;
}
