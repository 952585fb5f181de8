using Npgsql;
using Tollgate.Metering.Usage;

namespace Tollgate.Metering.Tests.Shipping;

public class AggregateTests
{
    private static readonly string[] Rollups = ["usage_hourly", "usage_daily", "meter_hourly"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Aggregate_AnyEvents_EqualsWhatTheShipperSummed(int seed)
    {
        await using var db = await MeteringDatabase.CreateAsync();
        var journal = new MemoryJournal(seed);
        var random = new Random(seed);
        for (var i = 0; i < 4000; i++)
            journal.Append(Any(db, random));
        using var shipper = db.Shipper(journal);
        await shipper.ShipNowAsync(Cancellation);
        var shipped = await RollupsAsync(db);
        await AggregateAsync(db, MeteringDatabase.DefaultNow.AddDays(-6), MeteringDatabase.DefaultNow.AddHours(1));
        (await RollupsAsync(db)).ShouldBe(shipped);
        // And from nothing.
        foreach (var table in Rollups)
            await db.ExecuteAsync($"DELETE FROM metering.{table}");
        await AggregateAsync(db, MeteringDatabase.DefaultNow.AddDays(-6), MeteringDatabase.DefaultNow.AddHours(1));
        (await RollupsAsync(db)).ShouldBe(shipped);
    }

    [Fact]
    public async Task Aggregate_OneHourOfADay_KeepsTheOtherHoursInTheDay()
    {
        await using var db = await MeteringDatabase.CreateAsync();
        var journal = new MemoryJournal();
        for (var i = 0; i < 72; i++)
            journal.Append(db.Call(at: MeteringDatabase.DefaultNow.AddHours(-i)));
        using var shipper = db.Shipper(journal);
        await shipper.ShipNowAsync(Cancellation);
        var shipped = await RollupsAsync(db);
        await AggregateAsync(db, MeteringDatabase.DefaultNow.AddHours(-30), MeteringDatabase.DefaultNow.AddHours(-29.9));
        (await RollupsAsync(db)).ShouldBe(shipped);
    }

    [Fact]
    public async Task Aggregate_WhileTheShipperAdds_LosesNothing()
    {
        await using var db = await MeteringDatabase.CreateAsync();
        var journal = new MemoryJournal();
        using var shipper = db.Shipper(journal);
        var aggregating = true;
        var aggregate = Task.Run(async () =>
        {
            while (Volatile.Read(ref aggregating))
                await AggregateAsync(db, MeteringDatabase.DefaultNow.AddHours(-20), MeteringDatabase.DefaultNow.AddHours(1));
        }, Cancellation);
        for (var round = 0; round < 40; round++)
        {
            for (var i = 0; i < 50; i++)
                journal.Append(db.Call(i % 3, at: MeteringDatabase.DefaultNow.AddHours(-i % 7)));
            await shipper.ShipNowAsync(Cancellation);
        }
        Volatile.Write(ref aggregating, false);
        await aggregate;
        (await db.ScalarAsync<decimal>("SELECT sum(requests) FROM metering.usage_hourly")).ShouldBe(2000);
        (await db.ScalarAsync<decimal>("SELECT sum(requests) FROM metering.usage_daily")).ShouldBe(2000);
        Latency.Unpack(await db.ScalarAsync<string>("SELECT sum(latencies)::text FROM metering.usage_daily")).Sum(b => b.Value).ShouldBe(2000);
    }

    [Fact]
    public async Task Aggregate_WithoutArguments_IsCallableByNameAlone()
    {
        await using var db = await MeteringDatabase.CreateAsync();
        var journal = new MemoryJournal();
        journal.Append(db.Call());
        using var shipper = db.Shipper(journal);
        await shipper.ShipNowAsync(Cancellation);
        await db.ExecuteAsync("UPDATE metering.usage_hourly SET requests = 77");
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(db.Inner.ConnectionString("tollgate_worker")) { SearchPath = "metering" });
        await using var command = source.CreateCommand("SELECT aggregate_hourly_usage()");
        (await command.ExecuteScalarAsync(Cancellation)).ShouldBe(1L);
        (await db.ScalarAsync<decimal>("SELECT sum(requests) FROM metering.usage_hourly")).ShouldBe(1);
    }

    [Fact]
    public async Task Aggregate_HoursWhoseLogIsGone_AreRefused()
    {
        await using var db = await MeteringDatabase.CreateAsync();
        var month = new DateTimeOffset(MeteringDatabase.DefaultNow.Year, MeteringDatabase.DefaultNow.Month, 1, 0, 0, 0, TimeSpan.Zero);
        await db.ExecuteAsync($"SELECT metering.drop_partition('{month:yyyy-MM-dd}', '{month.AddMonths(14):O}')");
        var refused = await Should.ThrowAsync<PostgresException>(() => AggregateAsync(db, month.AddHours(-1), month.AddHours(1)));
        refused.SqlState.ShouldBe("55000");
        refused.MessageText.ShouldContain(month.ToString("yyyy-MM"));
        await AggregateAsync(db, month.AddHours(-2), month);
    }

    [Fact]
    public async Task MeterName_OfEveryCode_IsTheProgramsName()
    {
        await using var db = await MeteringDatabase.CreateAsync();
        foreach (var meter in Meter.All)
            (await db.ScalarAsync<string>($"SELECT metering.meter_name({meter.Code}::smallint)")).ShouldBe(meter.Name);
        (await db.ScalarAsync<string>("SELECT metering.meter_name(200::smallint)")).ShouldBe(Tollgate.Metering.Shipping.LogRow.Name(200));
    }

    private static UsageEvent Any(MeteringDatabase db, Random random)
    {
        var call = db.Call(random.Next(4), 100 + random.Next(2), MeteringDatabase.DefaultNow.AddSeconds(-random.Next(5 * 86_400)));
        call.Status = (short)(100 + random.Next(500));
        call.Outcome = (UsageOutcome)(1 + random.Next(5));
        call.Billable = random.Next(4) > 0;
        call.DurationMicros = (long)Math.Exp(random.NextDouble() * 20);
        call.BytesIn = random.Next(1000);
        call.BytesOut = random.NextInt64(1L << 40);
        call.PlanVersion = 1 + random.Next(2);
        for (var i = 0; i < random.Next(4); i++)
            call.Amounts[i] = new MeterAmount((byte)(1 + random.Next(9)), random.Next(100));
        return call;
    }

    private static Task<long> AggregateAsync(MeteringDatabase db, DateTimeOffset from, DateTimeOffset to) => db.Database.AsWorkerAsync(
        session => session.QuerySingleAsync<long>("SELECT metering.aggregate_hourly_usage(@from, @to)", new { from, to }), Cancellation);

    private static async Task<IReadOnlyList<string>> RollupsAsync(MeteringDatabase db)
    {
        List<string> rows = [];
        foreach (var table in Rollups)
            rows.AddRange((await db.RowsAsync($"SELECT * FROM metering.{table}")).Select(row => $"{table} {row}"));
        return rows;
    }
}
