using System.Collections.Concurrent;
using System.Text;
using Tollgate.Admission;
using Tollgate.Foundation;
using Tollgate.Gateway.Apis;
using Tollgate.Metering;
using Tollgate.Plans;

namespace Tollgate.Gateway.Tests.Listener;

/// <summary>Admits the keys it knows, up to a limit a minute; remembers what was given back.</summary>
internal sealed class FakeAdmission : IAdmission
{
    private readonly ConcurrentDictionary<string, Guid> _keys = new(StringComparer.Ordinal);
    private int _taken;

    public const string Key = "tg_test_1234567890";

    public FakeAdmission() => _keys[Key] = Subscription;

    public static Guid Subscription { get; } = Guid.CreateVersion7(DateTimeOffset.UnixEpoch);

    public bool Ready { get; set; } = true;

    public int Limit { get; set; } = 1000;

    public int Taken => Volatile.Read(ref _taken);

    public int GivenBack;

    public volatile bool Ended;

    public byte ExtraMeter { get; set; }

    public AdmissionVerdict KnownKeyVerdict { get; set; } = AdmissionVerdict.Admitted;

    public ConcurrentQueue<MeterAmount> Settled { get; } = new();

    public AdmissionDecision Admit(ReadOnlySpan<byte> key, Guid productId, in MeterAmounts meters, CallOrigin origin = default)
    {
        var text = Encoding.ASCII.GetString(key);
        if (text.Length == 0)
            return new AdmissionDecision { Verdict = AdmissionVerdict.KeyMissing, Tightest = -1 };
        if (!text.StartsWith("tg_", StringComparison.Ordinal))
            return new AdmissionDecision { Verdict = AdmissionVerdict.KeyMalformed, Tightest = -1 };
        if (!_keys.TryGetValue(text, out var subscription))
            return new AdmissionDecision { Verdict = AdmissionVerdict.KeyUnknown, Tightest = -1 };
        return Decide(subscription, meters);
    }

    /// <summary>What an undecided call finds when its node has asked for more of a shared limit; null: nobody answers.</summary>
    public AdmissionVerdict? VerdictAfterLease { get; set; }

    public string? MeterName(in AdmissionDecision decision, byte meter) => Meter.Find(meter)?.Name;

    public ValueTask<bool> LeaseAsync(in AdmissionDecision decision)
    {
        if (VerdictAfterLease is not { } verdict)
            return ValueTask.FromResult(false);
        KnownKeyVerdict = verdict;
        return ValueTask.FromResult(true);
    }

    public int Released;

    public void Release(in AdmissionDecision decision) => Interlocked.Increment(ref Released);

    public void GiveBack(in AdmissionDecision decision)
    {
        Interlocked.Increment(ref GivenBack);
        Interlocked.Decrement(ref _taken);
    }

    public void Settle(in AdmissionDecision decision, in MeterAmounts amounts) => Settled.Enqueue(amounts[0]);

    public bool StillValid(in AdmissionDecision decision) => !Ended;

    private AdmissionDecision Decide(Guid subscription, in MeterAmounts meters)
    {
        var decision = new AdmissionDecision
        {
            Verdict = KnownKeyVerdict,
            SubscriptionId = subscription,
            KeyId = subscription,
            PlanId = subscription,
            PlanVersion = 3,
            OrganizationId = subscription,
            Amounts = meters,
        };
        if (KnownKeyVerdict == AdmissionVerdict.Admitted && Interlocked.Increment(ref _taken) > Limit)
        {
            Interlocked.Decrement(ref _taken);
            decision.Verdict = AdmissionVerdict.RateLimited;
            decision.Reason = RefusalReason.Rate;
            decision.RetryAfterSeconds = 17;
            decision.Amounts = default;
        }
        decision.Limits[0] = new LimitState(Window.Minute, Meter.Requests.Code, false, Limit, Limit - Taken, 60, 17);
        decision.Limits[1] = new LimitState(Window.Month, Meter.Requests.Code, true, 5, 0, 2_592_000, 9000);
        decision.Limits[2] = new LimitState(Window.BillingPeriod, Meter.BytesOut.Code, false, 1 << 30, 1 << 29, 2_592_000, 9000);
        decision.LimitCount = 3;
        return decision;
    }
}

/// <summary>Keeps the events in memory and fails on any use that the real journal's contract forbids.</summary>
internal sealed class FakeJournal : IUsageJournal
{
    private long _next;
    private int _waits;
    private readonly ConcurrentDictionary<long, UsageEvent> _open = new();

    public ConcurrentQueue<UsageEvent> Events { get; } = new();

    public ConcurrentQueue<long> Checkpoints { get; } = new();

    public int OpenCount => _open.Count;

    public int Begun { get; private set; }

    public bool Full { get; set; }

    public bool Writable { get; set; } = true;

    /// <summary>Runs before a record is taken.</summary>
    public Action? Before { get; set; }

    /// <summary>The next segment, while it is being made: until it has ended there is no room.</summary>
    public TaskCompletionSource? NextSegment { get; set; }

    /// <summary>So many have waited for a segment, or do.</summary>
    public int Waits => Volatile.Read(ref _waits);

    public void Append(in UsageEvent usage) => throw new NotSupportedException("The gateway's threads must not wait.");

    public OpenUsage Begin(in UsageEvent usage) => throw new NotSupportedException("The gateway's threads must not wait.");

    public bool TryAppend(in UsageEvent usage)
    {
        Before?.Invoke();
        if (!HasRoom)
            return false;
        Events.Enqueue(usage);
        return true;
    }

    public bool TryBegin(in UsageEvent usage, out OpenUsage open)
    {
        Before?.Invoke();
        open = default;
        if (!HasRoom)
            return false;
        Begun++;
        usage.Outcome.ShouldBe(UsageOutcome.Interrupted);
        open = new OpenUsage(Interlocked.Increment(ref _next));
        _open[open.Offset] = usage;
        return true;
    }

    public Task WaitForSegmentAsync()
    {
        Interlocked.Increment(ref _waits);
        return Full ? throw new JournalFullException() : NextSegment?.Task ?? Task.CompletedTask;
    }

    public void Checkpoint(OpenUsage open, long durationMicros, long bytesIn, long bytesOut, in MeterAmounts amounts)
    {
        _open.ContainsKey(open.Offset).ShouldBeTrue();
        Checkpoints.Enqueue(bytesOut);
    }

    public void End(OpenUsage open, in UsageEvent usage)
    {
        _open.TryRemove(open.Offset, out var begun).ShouldBeTrue();
        begun.RequestId.ShouldBe(usage.RequestId);
        Events.Enqueue(usage);
    }

    private bool HasRoom => !Full && NextSegment is not { Task.IsCompleted: false };
}

internal sealed class FakeRoutes : IRouteSource
{
    public List<ApiRoute> Apis { get; } = [];

    public Task<IReadOnlyList<ApiRoute>> LoadAsync(DbSession worker, Guid[]? apiIds) =>
        Task.FromResult<IReadOnlyList<ApiRoute>>([.. Apis.Where(api => apiIds is null || apiIds.Contains(api.ApiId))]);
}

/// <summary>No PostgreSQL: the fake route source does not look at its session.</summary>
internal sealed class NoDatabase : IDatabase
{
    public Task<T> AsAppAsync<T>(TenantContext tenant, Func<DbSession, Task<T>> work, CancellationToken cancellation) => work(null!);

    public Task<T> AsWorkerAsync<T>(Func<DbSession, Task<T>> work, CancellationToken cancellation) => work(null!);

    public Task<T> AsIngestAsync<T>(Func<DbSession, Task<T>> work, CancellationToken cancellation) => work(null!);
}
