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
const int Times = 20;
const int Backlog = 100;
var kept = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 100_000;
var handlers = Enumerable.Range(0, args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 5).Select(number => new Idle($"bench.{number}")).ToArray();

await using var database = await TestDatabase.CreateAsync();
var collection = new ServiceCollection();
foreach (var handler in handlers)
    collection.AddSingleton<IOutboxHandler>(handler);
await using var services = collection.BuildServiceProvider();
using var drainer = new OutboxDrainer((Database)database.Database, database.Sources, null!, services, TimeProvider.System, NullLogger<OutboxDrainer>.Instance);
await drainer.DrainAsync(CancellationToken.None);
Say("one look, nothing kept", await MedianAsync(() => drainer.DrainAsync(CancellationToken.None)));
await KeepAsync();
Say($"the first look at {kept:N0} for each of {handlers.Length} handlers", await TimeAsync(() => drainer.DrainAsync(CancellationToken.None)));
Say("one look after it", await MedianAsync(() => drainer.DrainAsync(CancellationToken.None)));
Say("an event from before its commit to the end of the look that handles it", await MedianAsync(() => HandledAsync(1)));
Say($"each of {Backlog:N0} events that wait", await TimeAsync(() => HandledAsync(Backlog)) / Backlog);
Say("one look after that", await MedianAsync(() => drainer.DrainAsync(CancellationToken.None)));

async Task<double> MedianAsync(Func<Task> work)
{
    List<double> times = [];
    for (var i = 0; i < Times; i++)
        times.Add(await TimeAsync(work));
    times.Sort();
    return times[Times / 2];
}

async Task<double> TimeAsync(Func<Task> work)
{
    var begin = Stopwatch.GetTimestamp();
    await work();
    return Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
}

async Task HandledAsync(int events)
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
