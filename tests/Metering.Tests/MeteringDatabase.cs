using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using Tollgate.Foundation;
using Tollgate.Metering.Journal;
using Tollgate.Metering.Reconcile;
using Tollgate.Metering.Shipping;
using Tollgate.TestKit;

namespace Tollgate.Metering.Tests;

/// <summary>A database of its own with this module's schema, and what ships into it.</summary>
internal sealed class MeteringDatabase : IAsyncDisposable
{
    private MeteringDatabase(TestDatabase inner, DateTimeOffset now)
    {
        Inner = inner;
        Clock = new ManualClock(now);
    }

    public TestDatabase Inner { get; }

    public ManualClock Clock { get; }

    public ShippingMetrics Metrics { get; } = new();

    public IDatabase Database => Inner.Database;

    /// <summary>Of the default clock; some hours before the real time, so that its month has a partition.</summary>
    public static DateTimeOffset DefaultNow { get; } = Hour(TimeProvider.System.GetUtcNow().AddHours(-3)).AddMinutes(20);

    public static async Task<MeteringDatabase> CreateAsync(DateTimeOffset? now = null) =>
        new(await TestDatabase.CreateAsync(MeteringModule.Sql), now ?? DefaultNow);

    public Shipper Shipper(IJournalReader journal, IDatabase? database = null, TimeProvider? clock = null)
    {
        var through = database ?? Database;
        return new Shipper(journal, new JournalPositions(through, NullLogger<JournalPositions>.Instance), new SliceWriter(through, clock ?? Clock), Metrics,
            clock ?? TimeProvider.System, NullLogger<Shipper>.Instance);
    }

    public Reconciliation Reconciliation(int waitSeconds = 0) =>
        new(Database, new Seals(Database, TimeProvider.System), Options.Create(new MeteringOptions { SealWaitSeconds = waitSeconds }));

    /// <summary>A served, billable call of a second ago, with ids that the seed decides.</summary>
    public UsageEvent Call(int subscription = 1, int provider = 100, DateTimeOffset? at = null) => new()
    {
        RequestId = TypeId.New(Clock),
        StartMicros = Micros(at ?? Clock.UtcNow.AddSeconds(-1)),
        DurationMicros = 12_000,
        UpstreamMicros = 11_000,
        KeyId = Id(subscription + 1000),
        SubscriptionId = Id(subscription),
        PlanVersion = 1,
        PeriodStartSeconds = DefaultNow.AddDays(-10).ToUnixTimeSeconds(),
        OrganizationId = Id(subscription + 10_000),
        ProviderOrganizationId = Id(provider),
        ApiId = Id(provider + 100_000),
        ApiVersion = 1,
        OperationId = Id(7),
        Method = "GET"u8.ToArray(),
        Path = "/v1/moon"u8.ToArray(),
        Status = 200,
        Outcome = UsageOutcome.Served,
        Billable = true,
        BytesIn = 120,
        BytesOut = 2400,
        Country = ('D' << 8) | 'E',
        ClientAddress = new UInt128(0, 0x0000_FFFF_C0A8_0102),
    };

    public static UsageEvent WithAmounts(UsageEvent usage, params MeterAmount[] amounts)
    {
        for (var i = 0; i < amounts.Length; i++)
            usage.Amounts[i] = amounts[i];
        return usage;
    }

    public static Guid Id(int number) => new(number, 0x11, 0x7000, 0x80, 0, 0, 0, 0, 0, 0, (byte)number);

    public static long Micros(DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    public static DateTimeOffset Hour(DateTimeOffset time) => new(time.UtcTicks - time.UtcTicks % TimeSpan.TicksPerHour, TimeSpan.Zero);

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var command = Inner.OwnerOrSuperuser.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public Task<long> CountAsync(string what) => ScalarAsync<long>($"SELECT count(*) FROM {what}");

    public async Task ExecuteAsync(string sql)
    {
        await using var command = Inner.OwnerOrSuperuser.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Every row of a table as text, sorted.</summary>
    public async Task<IReadOnlyList<string>> RowsAsync(string sql)
    {
        await using var command = Inner.OwnerOrSuperuser.CreateCommand($"SELECT t::text FROM ({sql}) t ORDER BY 1");
        await using var reader = await command.ExecuteReaderAsync();
        List<string> rows = [];
        while (await reader.ReadAsync())
            rows.Add(reader.GetString(0));
        return rows;
    }

    public async ValueTask DisposeAsync()
    {
        await Inner.DisposeAsync();
    }
}
