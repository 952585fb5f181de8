using System.Globalization;
using Tollgate.Foundation;
using Tollgate.Plans;

namespace Tollgate.Admission.Leases;

internal enum LeaseState
{
    Granted,

    /// <summary>By Redis's clock this is not the running window.</summary>
    Elsewhere,

    /// <summary>What was used before is not known to the counter.</summary>
    Unseeded,

    /// <summary>A later question came first.</summary>
    Overtaken,
}

internal readonly record struct WindowAnswer(LeaseState State, long Grant, long Given);

internal sealed record LeaseAnswer(long Version, IReadOnlyList<WindowAnswer> Windows);

internal readonly record struct SeedLine(Window Window, uint Ordinal, long EndMicros, long Used);

/// <param name="Window">Which.</param>
/// <param name="Known">The counter as this node last heard of it.</param>
/// <param name="LeastTold">What it may have been told to hold since.</param>
internal readonly record struct PushLine(Window Window, Known Known, long LeastTold);

/// <summary>The server holds counters of another epoch, or none: it has forgotten, or been told to.</summary>
internal sealed class EpochLostException() : Exception("Redis has lost the shared counters.");

/// <summary>The shared counters in Redis.</summary>
internal sealed class LeaseStore(IRedis redis, SharedClock clock, TimeProvider own)
{
    public const string Epoch = "tollgate:epoch";
    public const string Rebuild = "tollgate:rebuild";

    /// <summary>The epoch that this server's rebuild is to end with: who told another server, or this one before it forgot again, has not told it for this one.</summary>
    public const string Turn = "tollgate:turn";

    /// <summary>The epoch, and since when calls in flight are counted in it.</summary>
    private const string SlotsSince = "tollgate:slots-since";

    // Lua counts in doubles: microseconds are exact in them for centuries.
    private long _sequence = Micros(clock.Now);

    public async Task<LeaseAnswer> AskAsync(string epoch, Guid life, MeterLeases leases, IReadOnlyList<WindowAsk> asks)
    {
        var name = Name(leases.Subscriber.Id, leases.Meter);
        var arguments = new List<object> { NextSequence(), name, Number(Micros(own.GetUtcNow().UtcTicks)) };
        foreach (var ask in asks)
            arguments.AddRange([Number((long)ask.Lease.Window), Number(ask.Frame.Ordinal), Number(Micros(ask.Frame.Start)), Number(Micros(ask.Frame.End)), Number(ask.Limit),
                Number(ask.Held), Number(ask.Used), Number(ask.Need), Number(ask.Want)]);
        var answer = await RunAsync("ask", epoch, Counter(name), Life(life), arguments).ConfigureAwait(false);
        var windows = new List<WindowAnswer>(asks.Count);
        for (var i = 3; i + 2 < answer.Count; i += 3)
            windows.Add(new WindowAnswer(StateOf(answer[i]), Parse(answer[i + 1]), Parse(answer[i + 2])));
        return new LeaseAnswer(Parse(answer[2]), windows);
    }

    /// <summary>Places of calls in flight: so many are held, and so many more are needed or would be liked.</summary>
    public async Task<SlotAnswer> AskSlotsAsync(string epoch, Guid life, Guid subscription, int held, int need, int want, int limit, TimeSpan lease)
    {
        var answer = await RunAsync("slots", epoch, $"tollgate:slots:{epoch}:{subscription:N}", SlotsSince,
            [NextSequence(), life.ToString("N"), Number(held), Number(need), Number(want), Number(limit), Number(lease.Ticks / TimeSpan.TicksPerMicrosecond)]).ConfigureAwait(false);
        return answer[3] switch
        {
            "overtaken" => throw new RedisUnavailableException("A later question about calls in flight came first."),
            var state => new SlotAnswer(state == "lapsed", (int)Parse(answer[4]), Parse(answer[5])),
        };
    }

    public Task SeedAsync(string epoch, Guid subscription, byte meter, IEnumerable<SeedLine> lines)
    {
        var arguments = new List<object>();
        foreach (var line in lines)
            arguments.AddRange([Number((long)line.Window), Number(line.Ordinal), Number(line.EndMicros), Number(line.Used)]);
        return RunAsync("seed", epoch, Counter(Name(subscription, meter)), Rebuild, arguments);
    }

    /// <summary>False when the rebuild is over, or another one has begun.</summary>
    public async Task<bool> PushAsync(string turn, Guid life, Guid subscription, byte meter, IEnumerable<PushLine> lines)
    {
        var name = Name(subscription, meter);
        var arguments = new List<object> { NextSequence(), name };
        foreach (var line in lines)
            arguments.AddRange([Number((long)line.Window), Number(line.Known.Ordinal), Number(line.Known.EndMicros), Number(line.Known.Version), Number(line.Known.Given),
                Number(Math.Min(line.Known.Granted, line.LeastTold))]);
        return (await RunAsync("push", turn, Counter(name), Life(life), arguments).ConfigureAwait(false))[0] == "OK";
    }

    public Task SettleAsync(string epoch, Guid life, LeaseRecord record, long back) =>
        RunAsync("settle", epoch, Counter(Name(record.Subscription, record.Meter)), Life(life), [record.Field, Number((long)record.Window), record.Text, Number(back)]);

    public Task BeginLifeAsync(Guid node, Guid life) => redis.TextAsync("SADD", Lives(node), life.ToString("N"));

    /// <summary>Nothing is outstanding any more.</summary>
    public async Task EndLifeAsync(Guid node, Guid life)
    {
        await redis.TextAsync("DEL", Life(life)).ConfigureAwait(false);
        await redis.TextAsync("SREM", Lives(node), life.ToString("N")).ConfigureAwait(false);
    }

    public async Task<IReadOnlyList<Guid>> LivesAsync(Guid node) =>
        [.. (await redis.ListAsync("SMEMBERS", Lives(node)).ConfigureAwait(false)).Select(text => Guid.Parse(text!))];

    /// <summary>What a life of a node held when it was last heard of.</summary>
    public async Task<IReadOnlyList<LeaseRecord>> RecordsAsync(Guid life)
    {
        var all = await redis.ListAsync("HGETALL", Life(life)).ConfigureAwait(false);
        var records = new List<LeaseRecord>(all.Count / 2);
        for (var i = 0; i + 1 < all.Count; i += 2)
            if (LeaseRecord.TryParse(all[i], all[i + 1], out var record))
                records.Add(record);
        return records;
    }

    /// <summary>Records of windows that have ended are of no use.</summary>
    public Task ForgetAsync(Guid life, Guid subscription, byte meter, Window window) =>
        redis.TextAsync("HDEL", Life(life), $"{Name(subscription, meter)}:{Number((long)window)}");

    public async Task<string?> EpochAsync() => await redis.TextAsync("GET", Epoch).ConfigureAwait(false);

    /// <summary>True while the server remembers the script of an epoch; else it may have restarted, or has the epoch from another one, and nothing that it holds is to be believed.</summary>
    public async Task<bool> RemembersAsync(string epoch) => (await redis.ListAsync("SCRIPT", "EXISTS", LeaseScript.DigestOf(epoch)).ConfigureAwait(false)) is ["1"];

    /// <summary>Nobody is granted anything until there is another epoch.</summary>
    public Task BeginAgainAsync() => redis.TextAsync("DEL", Epoch, Turn);

    public async Task<string?> TurnAsync() => await redis.TextAsync("GET", Turn).ConfigureAwait(false);

    /// <summary>Unless another node has begun one.</summary>
    public async Task BeginTurnAsync(string epoch)
    {
        await redis.TextAsync("SCRIPT", "LOAD", LeaseScript.TextOf(epoch)).ConfigureAwait(false);
        await redis.TextAsync("SET", Turn, epoch, "NX").ConfigureAwait(false);
    }

    public Task JoinRebuildAsync(Guid node, string turn) => redis.TextAsync("HSET", Rebuild, node.ToString("N"), turn);

    public async Task<IReadOnlySet<Guid>> RebuildersAsync(string turn)
    {
        var all = await redis.ListAsync("HGETALL", Rebuild).ConfigureAwait(false);
        return Enumerable.Range(0, all.Count / 2).Where(i => all[2 * i + 1] == turn && Guid.TryParse(all[2 * i], out _)).Select(i => Guid.Parse(all[2 * i]!)).ToHashSet();
    }

    /// <summary>Without effect where another turn is.</summary>
    public Task EndRebuildAsync(string turn) => RunAsync("end", turn, Turn, Rebuild, []);

    public static long Micros(long ticks) => (ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    private async Task<IReadOnlyList<string?>> RunAsync(string verb, string epoch, string counter, string third, IEnumerable<object> arguments)
    {
        var askedAt = clock.Timestamp();
        IReadOnlyList<string?> answer;
        try
        {
            answer = await redis.ListAsync("EVALSHA", [LeaseScript.DigestOf(epoch), "3", Epoch, counter, third, verb, epoch, .. arguments]).ConfigureAwait(false);
        }
        catch (RedisRefusedException exception) when (exception.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal))
        {
            throw new EpochLostException();
        }
        clock.Observe(askedAt, Parse(answer[1]));
        return answer[0] == "EPOCH" ? throw new EpochLostException() : answer;
    }

    private string NextSequence() => Number(Interlocked.Increment(ref _sequence));

    private static LeaseState StateOf(string? text) => text switch
    {
        "granted" => LeaseState.Granted,
        "elsewhere" => LeaseState.Elsewhere,
        "unseeded" => LeaseState.Unseeded,
        _ => LeaseState.Overtaken,
    };

    private static string Name(Guid subscription, byte meter) => $"{subscription:N}:{meter.ToString(CultureInfo.InvariantCulture)}";

    private static string Counter(string name) => "tollgate:limit:" + name;

    private static string Life(Guid life) => $"tollgate:leases:{life:N}";

    private static string Lives(Guid node) => $"tollgate:lives:{node:N}";

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static long Parse(string? text) => long.Parse(text!, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
}
