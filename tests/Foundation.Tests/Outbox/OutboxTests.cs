using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Tollgate.Foundation.Tests.Outbox;

public sealed class OutboxTests : OutboxTrial
{
    [Fact]
    public async Task Drain_TwoHandlers_EachOnceInEffect()
    {
        await PublishAsync("greeted", 1, "Ada");
        var drainer = Drainer(new Handler("a"), new Handler("b"));
        await drainer.DrainAsync(CancellationToken.None);
        await drainer.DrainAsync(CancellationToken.None);
        (await EffectsAsync()).ShouldBe(["a Ada", "b Ada"]);
    }

    [Fact]
    public async Task Drain_ManyNodesAtOnce_EachEventOnce()
    {
        for (var i = 0; i < 40; i++)
            await PublishAsync("greeted", 1, $"{i:00}");
        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Drainer(new Handler("a")).DrainAsync(CancellationToken.None)));
        // Whoever meets only locked rows stops; a last look sees to the rest.
        await Drainer(new Handler("a")).DrainAsync(CancellationToken.None);
        (await EffectsAsync()).ShouldBe([.. Enumerable.Range(0, 40).Select(i => $"a {i:00}")]);
    }

    [Fact]
    public async Task Drain_DiesBetweenEffectAndCommit_LeavesNothingAndTriesAgainLater()
    {
        await PublishAsync("greeted", 1, "Ada");
        var failing = new Handler("a") { FailuresToCome = 1 };
        var drainer = Drainer(failing, new Handler("b"));
        await drainer.DrainAsync(CancellationToken.None);
        (await EffectsAsync()).ShouldBe(["b Ada"]);
        await drainer.DrainAsync(CancellationToken.None);
        (await EffectsAsync()).ShouldBe(["b Ada"], "it waits before it tries again");
        Clock.Advance(TimeSpan.FromSeconds(3));
        await drainer.DrainAsync(CancellationToken.None);
        (await EffectsAsync()).ShouldBe(["a Ada", "b Ada"]);
    }

    [Fact]
    public async Task Drain_FailingEvent_DoesNotHoldUpTheNext()
    {
        await PublishAsync("greeted", 1, "first");
        await PublishAsync("greeted", 1, "second");
        await Drainer(new Handler("a") { FailuresToCome = 1 }).DrainAsync(CancellationToken.None);
        (await EffectsAsync()).ShouldBe(["a second"]);
    }

    [Fact]
    public async Task Drain_VersionTooNew_LeavesItToANewerNode()
    {
        await PublishAsync("greeted", 2, "Ada");
        await Drainer(new Handler("a")).DrainAsync(CancellationToken.None);
        (await EffectsAsync()).ShouldBeEmpty();
        await Drainer(new Handler("a", maximum: 2)).DrainAsync(CancellationToken.None);
        (await EffectsAsync()).ShouldBe(["a Ada"]);
    }

    [Fact]
    public async Task Drain_NobodyHandlesIt_IsNoError()
    {
        await PublishAsync("unheard", 1, "Ada");
        (await Drainer(new Handler("a")).DrainAsync(CancellationToken.None)).ShouldBeFalse();
        (await Drainer().DrainAsync(CancellationToken.None)).ShouldBeFalse();
    }

    [Fact]
    public async Task Publish_TransactionIsRefused_NoEvent()
    {
        await Db.Database.AsAppAsync<Outcome<int>>(TenantContext.Nobody, async session =>
        {
            await new Foundation.Outbox.Outbox(Clock).PublishAsync(session, "greeted", 1, new Greeted("Ada"));
            return Failure.NotFound("thing");
        }, CancellationToken.None);
        await Drainer(new Handler("a")).DrainAsync(CancellationToken.None);
        (await EffectsAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Event_AppRole_CannotBeRead() =>
        (await Should.ThrowAsync<PostgresException>(() => Db.Database.AsAppAsync(TenantContext.Nobody, session => session.QueryAsync<string>("SELECT payload FROM foundation.event"), CancellationToken.None)))
            .SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);

    [Fact]
    public async Task Pruning_HandledGoes_OpenStays()
    {
        await PublishAsync("greeted", 1, "done");
        await Drainer(new Handler("a")).DrainAsync(CancellationToken.None);
        await PublishAsync("greeted", 1, "open");
        await Drainer(new Handler("a") { FailuresToCome = 1 }).DrainAsync(CancellationToken.None);
        Clock.Advance(TimeSpan.FromDays(8));
        await new FoundationPruning(Db.Database, Clock, NullLogger<FoundationPruning>.Instance).RunAsync(CancellationToken.None);
        await using var connection = await Db.OwnerOrSuperuser.OpenConnectionAsync();
        (await connection.QueryAsync<string>("SELECT payload ->> 'name' FROM foundation.event")).ShouldBe(["open"]);
    }
}
