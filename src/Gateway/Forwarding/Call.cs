using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using Tollgate.Admission;
using Tollgate.Foundation;
using Tollgate.Gateway.Metrics;
using Tollgate.Gateway.Upstreams;
using Tollgate.Metering;

namespace Tollgate.Gateway.Forwarding;

/// <summary>
/// One request on its way: what its answer and its usage event need. One object serves the calls of a connection one after the other, so nothing is
/// allocated for a call; whoever looks at it from outside names the generation that it means (<see cref="CallLife"/>).
/// </summary>
internal sealed class Call(TimeProvider clock)
{
    private const int LongestPath = 256;

    private readonly byte[] _path = new byte[LongestPath];
    private long _started;
    private long _bytesIn;
    private long _bytesOut;
    private string? _requestIdText;
    private (string Proto, string Host)? _origin;

    public HttpContext Context { get; private set; } = null!;

    public Guid RequestId { get; private set; }

    public long StartMicros { get; private set; }

    public IPAddress? Client { get; private set; }

    public Guid ApiId { get; private set; }

    public string ApiName { get; private set; } = "";

    public int ApiVersion { get; private set; }

    public Guid ProviderOrganizationId { get; private set; }

    public Guid OperationId { get; set; }

    /// <summary>Where it is counted.</summary>
    public ApiFigures Figures { get; set; } = null!;

    /// <summary>Path below the API with the query, as it came; starts with a slash or is empty.</summary>
    public ReadOnlyMemory<char> Rest { get; private set; }

    public AdmissionDecision Decision;

    public JournalState Journal { get; } = new();

    public CallLife Life { get; } = new();

    public long UpstreamMicros { get; private set; }

    /// <summary>The upstream has begun to get it: from here on a client that leaves has had its call.</summary>
    public bool Forwarded { get; set; }

    /// <summary>More of its body is waited for: the upstream cannot be blamed for the time that passes.</summary>
    public bool AwaitsClient { get; set; }

    /// <summary>The upstream that was chosen for it, where there was a choice.</summary>
    public Attempt Attempt { get; set; }

    public long BytesIn => Volatile.Read(ref _bytesIn);

    public long BytesOut => Volatile.Read(ref _bytesOut);

    public long ElapsedMicros => clock.GetElapsedTime(_started).Ticks / TimeSpan.TicksPerMicrosecond;

    public string RequestIdText => _requestIdText ??= TypeId.Format("req", RequestId);

    /// <summary>Path below the API without the query.</summary>
    public ReadOnlySpan<char> Path => Rest.Span is var rest && rest.IndexOf('?') is >= 0 and var query ? rest[..query] : Rest.Span;

    public bool ClientGone => Life.ClientGone || Context.RequestAborted.IsCancellationRequested;

    /// <summary>Makes it a call that has just arrived.</summary>
    /// <param name="context">The request.</param>
    /// <param name="requestId">Its id, where it has one already.</param>
    /// <param name="sameClient">The connection of the call before it.</param>
    public void Begin(HttpContext context, Guid? requestId = null, bool sameClient = true)
    {
        Life.Renew(sameClient);
        var now = clock.GetUtcNow();
        _started = clock.GetTimestamp();
        Context = context;
        StartMicros = (now - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        RequestId = requestId ?? RequestIds.New(now);
        (_requestIdText, _origin) = (null, null);
        (_bytesIn, _bytesOut, UpstreamMicros, Forwarded, AwaitsClient, Attempt) = (0, 0, -1, false, false, default);
        (ApiId, ApiName, ApiVersion, ProviderOrganizationId, OperationId) = (Guid.Empty, "", 0, Guid.Empty, Guid.Empty);
        Client = null;
        Rest = default;
        Decision = default;
        Journal.Reset();
    }

    public void Address(Guid apiId, string apiName, int apiVersion, Guid providerOrganizationId, IPAddress? client, ReadOnlyMemory<char> rest)
    {
        (ApiId, ApiName, ApiVersion, ProviderOrganizationId) = (apiId, apiName, apiVersion, providerOrganizationId);
        (Client, Rest) = (client, rest);
    }

    /// <summary>Ends the call when nothing moves for so long.</summary>
    public void WaitAtMost(TimeSpan time) => Life.Deadline = clock.GetTimestamp() + (long)(time.TotalSeconds * clock.TimestampFrequency);

    /// <summary>As <see cref="WaitAtMost"/>, unless its time runs already: another try gets no more of it.</summary>
    public void BeginToWait(TimeSpan time)
    {
        if (Life.Deadline == 0)
            WaitAtMost(time);
    }

    /// <summary>As <see cref="ClientHeaders.Origin"/>, for all tries: one of them may change the fields that say it.</summary>
    public (string Proto, string Host) OriginBy(ClientAddress addresses) => _origin ??= ClientHeaders.Origin(Context, addresses);

    public void CountIn(long bytes) => Interlocked.Add(ref _bytesIn, bytes);

    public void CountOut(long bytes) => Interlocked.Add(ref _bytesOut, bytes);

    public void UpstreamAnswered(int status)
    {
        UpstreamMicros = ElapsedMicros;
        Attempt.Answered(status);
    }

    public UsageEvent ToEvent(int status, UsageOutcome outcome, RefusalReason reason, bool billable) => new()
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
        Path = PathBytes(),
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

    // The journal copies it before it returns.
    private ReadOnlyMemory<byte> PathBytes()
    {
        var path = Path;
        if (path.IsEmpty)
            path = "/";
        return _path.AsMemory(0, Encoding.ASCII.GetBytes(path[..Math.Min(path.Length, LongestPath)], _path));
    }

    private static UInt128 AddressOf(IPAddress? address)
    {
        if (address is null)
            return 0;
        Span<byte> bytes = stackalloc byte[16];
        if (address.AddressFamily != AddressFamily.InterNetwork)
        {
            address.TryWriteBytes(bytes, out _);
            return BinaryPrimitives.ReadUInt128BigEndian(bytes);
        }
        address.TryWriteBytes(bytes, out _);
        return new UInt128(0, 0xffff_0000_0000ul | BinaryPrimitives.ReadUInt32BigEndian(bytes));
    }
}
