using System.Net;
using System.Text;

namespace Tollgate.Metering.Shipping;

/// <summary>A usage event in the types of the request log.</summary>
internal sealed class LogRow
{
    /// <summary>Beyond these, the event is billed by its arrival: a clock that was wrong must not reach into closed months.</summary>
    public static readonly TimeSpan OldestOwnTime = TimeSpan.FromDays(40);
    public static readonly TimeSpan NewestOwnTime = TimeSpan.FromMinutes(5);

    private static readonly string[] KnownMethods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "QUERY", "CONNECT", "TRACE"];

    public required DateTime At { get; init; }
    public required DateTime StartedAt { get; init; }
    public required DateTime PeriodStart { get; init; }
    public required long JournalOffset { get; init; }
    public required long ClosedOffset { get; init; }
    public required UsageEvent Event { get; init; }
    public required string Method { get; init; }
    public required string Path { get; init; }

    /// <summary>Null stands for one request when billable.</summary>
    public short[]? Meters { get; private init; }
    public long[]? Amounts { get; private init; }

    public long DurationMicros => Math.Max(Event.DurationMicros, 0);

    public DateTime Hour => new(At.Ticks - At.Ticks % TimeSpan.TicksPerHour, DateTimeKind.Utc);

    /// <exception cref="ArgumentException">The event holds a time that no calendar has (or an OverflowException for one that no number has).</exception>
    public static LogRow From(in UsageEvent usage, long offset, long closedOffset, DateTimeOffset now)
    {
        var started = DateTime.UnixEpoch.AddTicks(checked(usage.StartMicros * TimeSpan.TicksPerMicrosecond));
        var arrival = now.UtcDateTime;
        arrival = arrival.AddTicks(-(arrival.Ticks % TimeSpan.TicksPerMicrosecond));
        var ownTime = started >= arrival - OldestOwnTime && started <= arrival + NewestOwnTime;
        var (meters, amounts) = AmountsOf(usage);
        return new LogRow
        {
            At = ownTime ? started : arrival,
            StartedAt = started,
            PeriodStart = DateTime.UnixEpoch.AddTicks(checked(usage.PeriodStartSeconds * TimeSpan.TicksPerSecond)),
            JournalOffset = offset,
            ClosedOffset = closedOffset,
            Event = usage,
            Method = MethodOf(usage.Method.Span),
            Path = TextOf(usage.Path.Span),
            Meters = meters,
            Amounts = amounts,
        };
    }

    /// <summary>Every billable event is a request: one that carries no amount of that meter counts as one.</summary>
    public void ForEachAmount(Action<string, long> use)
    {
        if (!Event.Billable)
            return;
        if (Meters is null)
            use(Meter.Requests.Name, 1);
        else
            for (var i = 0; i < Meters.Length; i++)
                use(Name(Meters[i]), Amounts![i]);
    }

    public static string Name(short code) => Meter.Find((byte)code)?.Name ?? $"meter.{code}";

    public IPAddress? ClientAddress()
    {
        if (Event.ClientAddress == 0)
            return null;
        Span<byte> bytes = stackalloc byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(bytes, Event.ClientAddress);
        var address = new IPAddress(bytes);
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }

    public string? Country() => Event.Country == 0 ? null : TextOf([(byte)(Event.Country >> 8), (byte)Event.Country]);

    private static (short[]?, long[]?) AmountsOf(in UsageEvent usage)
    {
        var codes = new List<short>(5);
        var amounts = new List<long>(5);
        foreach (var pair in usage.Amounts)
        {
            if (pair.Meter == 0)
                continue;
            var known = codes.IndexOf(pair.Meter);
            if (known >= 0)
                amounts[known] = checked(amounts[known] + pair.Amount);
            else
            {
                codes.Add(pair.Meter);
                amounts.Add(pair.Amount);
            }
        }
        if (usage.Billable && !codes.Contains(Meter.Requests.Code))
        {
            codes.Insert(0, Meter.Requests.Code);
            amounts.Insert(0, 1);
        }
        var common = codes.Count == 0 || (codes.Count == 1 && codes[0] == Meter.Requests.Code && amounts[0] == 1);
        return common ? (null, null) : ([.. codes], [.. amounts]);
    }

    private static string MethodOf(ReadOnlySpan<byte> method)
    {
        foreach (var known in KnownMethods)
            if (Ascii.Equals(method, known))
                return known;
        return TextOf(method);
    }

    // PostgreSQL's text holds neither NUL nor invalid UTF-8 (a path is cut at a byte, and clients send anything): both become U+FFFD.
    private static string TextOf(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes).Replace('\0', '\uFFFD');
}
