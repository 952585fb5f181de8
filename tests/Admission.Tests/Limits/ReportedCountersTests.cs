using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Tollgate.Admission.Limits;
using Tollgate.Admission.Nodes;
using Tollgate.Admission.Snapshot;
using Tollgate.Foundation;
using Tollgate.Metering;
using Tollgate.Plans;
using Tollgate.TestKit;

namespace Tollgate.Admission.Tests.Limits;

/// <summary>What a node reads of the sums when its windows turn, on a clock that the test moves.</summary>
public sealed class ReportedCountersTests : IDisposable
{
    private static readonly DateTimeOffset One = Node.Noon.AddHours(1).AddSeconds(-Node.Noon.Second);
    private readonly string _folder = Directory.CreateTempSubdirectory("tollgate-reported-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Look_WhatAFasterClockReportedAheadOfAWindow_IsUsedInThatWindowAndNotBefore()
    {
        await using var database = await TestDatabase.CreateAsync(FoundationModule.Sql, MeteringModule.Sql);
        var node = new Node(Node.Deny(1000, Window.Hour, "x.acme.m128") with { MeterCode = 128 });
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("Data:Directory", _folder)]).Build();
        await using var services = new ServiceCollection().AddLogging().AddSingleton<IConfiguration>(configuration).AddSingleton<TimeProvider>(node.Clock).AddMetering(configuration).BuildServiceProvider();
        using var file = new CounterFile(new NodeOptions(true, 1, false, Path.Combine(_folder, "admission")), NullLogger<CounterFile>.Instance);
        var checkpoint = new CounterCheckpoint(node.State, services.GetRequiredService<IJournalReplay>(), file, NullLogger<CounterCheckpoint>.Instance);
        checkpoint.Begin();
        using var counters = new ReportedCounters(node.State, database.Database, services.GetRequiredService<IReportedUsage>(), checkpoint, node.Clock, NullLogger<ReportedCounters>.Instance);

        node.Clock.Now = One.AddMinutes(-1);
        await WriteAsync(database, node, One.AddSeconds(1), 1000);
        await counters.LookAsync(Cancellation);
        node.Call().Admitted.ShouldBeTrue();

        node.Clock.Now = One.AddSeconds(2);
        node.Call().Admitted.ShouldBeTrue();
        await counters.LookAsync(Cancellation);
        node.Call().Admitted.ShouldBeFalse();
    }

    private static async Task WriteAsync(TestDatabase database, Node node, DateTimeOffset at, long amount)
    {
        await using var command = database.OwnerOrSuperuser.CreateCommand("""
            WITH event AS (
              INSERT INTO metering.reported_usage (at, event_time, received_at, period_start, amount, plan_version, id, organization_id, provider_organization_id, subscription_id, meter, source, event_id)
              VALUES ($1, $1, $1, $1, $2, 1, $3, $4, $4, $3, 'x.acme.m128', 's', '1')
            ), rollup AS (
              INSERT INTO metering.meter_hourly (hour, subscription_id, meter, organization_id, provider_organization_id, amount) VALUES (date_trunc('hour', $1), $3, 'x.acme.m128', $4, $4, $2)
            )
            INSERT INTO metering.reported_change VALUES ($3, pg_current_xact_id())
            """);
        command.Parameters.AddWithValue(at.UtcDateTime);
        command.Parameters.AddWithValue(amount);
        command.Parameters.AddWithValue(node.Entitlement.SubscriptionId);
        command.Parameters.AddWithValue(node.Entitlement.OrganizationId);
        await command.ExecuteNonQueryAsync(Cancellation);
    }
}
