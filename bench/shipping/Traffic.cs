using System.Globalization;
using System.Text;
using Tollgate.Foundation;
using Tollgate.Metering;

namespace Shipping;

/// <summary>
/// Calls as a node sees them: 1,000 subscriptions of which some call far more than others, 10 APIs with 5 operations each, durations around 12 ms with a long
/// tail, a few errors, refusals and addresses of version 6.
/// </summary>
internal sealed class Traffic
{
    private const int Subscriptions = 1000;
    private const int Apis = 10;
    private const int Operations = 5;
    private readonly Random _random = new(4711);
    private readonly Guid[] _subscriptions = Ids(Subscriptions);
    private readonly Guid[] _organizations = Ids(Subscriptions);
    private readonly Guid[] _keys = Ids(Subscriptions);
    private readonly Guid[] _apis = Ids(Apis);
    private readonly Guid[] _providers = Ids(Apis);
    private readonly Guid[] _operations = Ids(Apis * Operations);
    private readonly byte[] _get = "GET"u8.ToArray();
    private readonly byte[] _post = "POST"u8.ToArray();

    public UsageEvent Next()
    {
        var subscription = (int)(Subscriptions * Math.Pow(_random.NextDouble(), 2));
        var api = subscription % Apis;
        var operation = _random.Next(Operations);
        var micros = (long)(12_000 * Math.Exp(0.6 * Normal()));
        var kind = _random.Next(1000);
        var refused = kind < 20;
        var now = TimeProvider.System.GetUtcNow();
        return new UsageEvent
        {
            RequestId = TypeId.New(TimeProvider.System),
            StartMicros = (now.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond,
            DurationMicros = refused ? 90 : micros,
            UpstreamMicros = refused ? -1 : micros - 100,
            KeyId = _keys[subscription],
            SubscriptionId = _subscriptions[subscription],
            PlanVersion = 1,
            PeriodStartSeconds = now.ToUnixTimeSeconds() / 86_400 * 86_400,
            OrganizationId = _organizations[subscription],
            ProviderOrganizationId = _providers[api],
            ApiId = _apis[api],
            ApiVersion = 1,
            OperationId = _operations[api * Operations + operation],
            Method = operation == 0 ? _post : _get,
            Path = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"/v1/things/{_random.Next(1_000_000)}/parts{operation}")),
            Status = refused ? (short)429 : kind < 25 ? (short)502 : kind < 45 ? (short)404 : (short)200,
            Outcome = refused ? UsageOutcome.Refused : UsageOutcome.Served,
            Reason = refused ? RefusalReason.Rate : RefusalReason.None,
            Billable = !refused,
            BytesIn = 180 + _random.Next(100),
            BytesOut = 200 + _random.Next(4000),
            Country = ('D' << 8) | 'E',
            ClientAddress = kind % 10 == 0 ? new UInt128(0x2001_0db8_0000_0000, (ulong)_random.Next()) : new UInt128(0, 0x0000_FFFF_0A00_0000UL | (uint)_random.Next(1 << 24)),
        };
    }

    private double Normal() => Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());

    private static Guid[] Ids(int count) => [.. Enumerable.Range(0, count).Select(_ => TypeId.New(TimeProvider.System))];
}
