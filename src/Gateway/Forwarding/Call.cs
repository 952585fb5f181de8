using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using Tollgate.Admission;
using Tollgate.Metering;

namespace Tollgate.Gateway.Forwarding;

/// <summary>
/// One request on its way: what its answer and its usage event need. Its place in the journal is written once as a whole, or opened and closed;
/// <see cref="CallJournal"/> sees to that.
/// </summary>
internal sealed class Call(HttpContext context, TimeProvider clock, Guid requestId)
{
    private readonly long _started = clock.GetTimestamp();
    private long _bytesIn;
    private long _bytesOut;

    public HttpContext Context { get; } = context;

    public Guid RequestId { get; } = requestId;

    public long StartMicros { get; } = (clock.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    public IPAddress? Client { get; init; }

    public required Guid ApiId { get; init; }

    public required string ApiName { get; init; }

    public int ApiVersion { get; init; }

    public Guid ProviderOrganizationId { get; init; }

    public Guid OperationId { get; init; }

    /// <summary>Path below the API with the query, as it came; starts with a slash or is empty.</summary>
    public string Rest { get; init; } = "";

    public AdmissionDecision Decision;

    public JournalState Journal { get; } = new();

    /// <summary>The gateway ended the answer: its key or subscription is gone, or the node stops.</summary>
    public volatile bool CutByGateway;

    public long UpstreamMicros { get; private set; } = -1;

    public long BytesIn => Volatile.Read(ref _bytesIn);

    public long BytesOut => Volatile.Read(ref _bytesOut);

    public long ElapsedMicros => clock.GetElapsedTime(_started).Ticks / TimeSpan.TicksPerMicrosecond;

    public string RequestIdText => Context.TraceIdentifier;

    public bool ClientGone => Context.RequestAborted.IsCancellationRequested;

    public void CountIn(long bytes) => Interlocked.Add(ref _bytesIn, bytes);

    public void CountOut(long bytes) => Interlocked.Add(ref _bytesOut, bytes);

    public void UpstreamAnswered() => UpstreamMicros = ElapsedMicros;

    public UsageEvent ToEvent(int status, UsageOutcome outcome, RefusalReason reason, bool billable)
    {
        var query = Rest.IndexOf('?', StringComparison.Ordinal);
        var path = query < 0 ? Rest.AsMemory() : Rest.AsMemory(0, query);
        return new UsageEvent
        {
            RequestId = RequestId,
            StartMicros = StartMicros,
            DurationMicros = ElapsedMicros,
            UpstreamMicros = UpstreamMicros,
            KeyId = Decision.KeyId,
            SubscriptionId = Decision.SubscriptionId,
            PlanVersion = Decision.PlanVersion,
            PeriodStartSeconds = Decision.PeriodStartSeconds,
            OrganizationId = Decision.OrganizationId,
            ProviderOrganizationId = ProviderOrganizationId == Guid.Empty ? Decision.ProviderOrganizationId : ProviderOrganizationId,
            ApiId = ApiId,
            ApiVersion = ApiVersion,
            OperationId = OperationId,
            Method = MethodBytes.Of(Context.Request.Method),
            Path = Encoding.ASCII.GetBytes(path.IsEmpty ? "/" : path.Length > 256 ? path[..256].ToString() : path.ToString()),
            Status = (short)status,
            Outcome = outcome,
            Reason = reason,
            Billable = billable,
            BytesIn = BytesIn,
            BytesOut = BytesOut,
            ClientAddress = AddressOf(Client),
            // What was given back, or never taken, is no amount of any meter.
            Amounts = billable ? AmountsWith(BytesOut) : default,
        };
    }

    /// <summary>What was taken at admission and, where the plan limits it, the bytes sent so far.</summary>
    public MeterAmounts AmountsWith(long bytesOut)
    {
        var amounts = Decision.Amounts;
        if (!LimitsBytes() || bytesOut == 0)
            return amounts;
        for (var i = 0; i < 4; i++)
        {
            if (amounts[i].Meter != 0)
                continue;
            amounts[i] = new MeterAmount(Meter.BytesOut.Code, bytesOut);
            break;
        }
        return amounts;
    }

    public bool LimitsBytes()
    {
        for (var i = 0; i < Decision.LimitCount; i++)
            if (Decision.Limits[i].Meter == Meter.BytesOut.Code)
                return true;
        return false;
    }

    private static UInt128 AddressOf(IPAddress? address)
    {
        if (address is null)
            return 0;
        Span<byte> bytes = stackalloc byte[16];
        (address.AddressFamily == AddressFamily.InterNetwork ? address.MapToIPv6() : address).TryWriteBytes(bytes, out _);
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }
}
