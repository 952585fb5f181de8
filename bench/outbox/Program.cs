using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using OutboxBench;
using Tollgate.Foundation;
using Tollgate.Foundation.Outbox;
using Tollgate.Foundation.Postgres;
using Tollgate.TestKit;

// What a look costs when nothing is due, and what handling costs, while so many handled events of each handler are kept. Usage: run [kept for each handler] [handlers]
const int Looks = 20;
const int Backlog = 1000;
var kept = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 100_000;
var handlers = Enumerable.Range(0, args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 5).Select(number => new Idle($"bench.{number}")).ToArray();

await using var database = await TestDatabase.CreateAsync();
var collection = new ServiceCollection();
foreach (var handler in handlers)
    collection.AddSingleton<IOutboxHandler>(handler);
await using var services = collection.BuildServiceProvider();
using var drainer = new OutboxDrainer((Database)database.Database, database.Sources, null!, services, TimeProvider.System, NullLogger<OutboxDrainer>.Instance);
await drainer.DrainAsync(CancellationToken.None);
Say("one look, nothing kept", await MedianOfLooksAsync());
await KeepAsync();
Say($"the first look at {kept:N0} for each of {handlers.Length} handlers", await TimeAsync(() => drainer.DrainAsync(CancellationToken.None)));
Say("one look after it", await MedianOfLooksAsync());
Say("an event from its commit to the end of the look that handles it", await TimeAsync(() => OneAsync(1)));
Say($"each of {Backlog:N0} events that wait", await TimeAsync(() => OneAsync(Backlog)) / Backlog);
Say("one look after that", await MedianOfLooksAsync());

async Task<double> MedianOfLooksAsync()
{
    List<double> times = [];
    for (var i = 0; i < Looks; i++)
        times.Add(await TimeAsync(() => drainer.DrainAsync(CancellationToken.None)));
    times.Sort();
    return times[Looks / 2];
}

async Task<double> TimeAsync(Func<Task> work)
{
    var begin = Stopwatch.GetTimestamp();
    await work();
    return Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
}

async Task OneAsync(int events)
{
    var before = handlers[0].Handled;
    await ExecuteAsync($"INSERT INTO foundation.event (id, type, version, payload, at) SELECT gen_random_uuid(), '{handlers[0].Name}', 1, '{{}}', now() FROM generate_series(1, {events})");
    while (handlers[0].Handled - before < events)
        await drainer.DrainAsync(CancellationToken.None);
}

// As they are after a week: handled, erased, vacuumed and counted.
async Task KeepAsync()
{
    foreach (var handler in handlers)
        await ExecuteAsync($$"""
            INSERT INTO foundation.event (id, type, version, payload, at) SELECT gen_random_uuid(), '{{handler.Name}}', 1, '{}', now() FROM generate_series(1, {{kept}});
            INSERT INTO foundation.handled (handler, event_id, handled_at) SELECT type, id, now() FROM foundation.event WHERE type = '{{handler.Name}}';
            """);
    await ExecuteAsync("VACUUM ANALYZE foundation.event");
    await ExecuteAsync("VACUUM ANALYZE foundation.handled");
}

async Task ExecuteAsync(string sql)
{
    await using var command = database.OwnerOrSuperuser.CreateCommand(sql);
    command.CommandTimeout = 0;
    await command.ExecuteNonQueryAsync();
}

static void Say(string what, double milliseconds) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what}: {milliseconds:N2} ms"));
