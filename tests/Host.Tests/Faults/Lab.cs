using System.Diagnostics;
using Npgsql;
using Tollgate.TestKit;

namespace Tollgate.Host.Tests.Faults;

/// <summary>
/// What a round has shown. <see cref="Lost"/>: answered and not in the request log. <see cref="Doubled"/>: in the log more than once. Logged may be more than
/// answered: a call whose answer a kill cut off has reached the upstream, and counts.
/// </summary>
internal sealed record RoundResult(string Fault, long Answered, long Refused, long Logged, long Lost, long Doubled, bool Reconciled, double RecoverySeconds);

/// <summary>A running program with a market, on which faults are tried: load, a fault, and the figures compared afterwards.</summary>
internal sealed class Lab : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private readonly FakeUpstream _upstream;
    private readonly Func<Task<NpgsqlDataSource>> _open;
    private long _loggedBefore;
    private long _doubledBefore;

    /// <param name="seed">Of the moments at which things happen.</param>
    /// <param name="upstream">What the market's API is.</param>
    /// <param name="program">The one that is called, and to which faults happen.</param>
    /// <param name="market">Where its API and key are.</param>
    /// <param name="open">The program's database, for comparing; its own cluster when null.</param>
    public Lab(int seed, FakeUpstream upstream, RunningProgram program, Market market, Func<Task<NpgsqlDataSource>>? open = null)
    {
        (_upstream, Program, Market, Random) = (upstream, program, market, new Random(seed));
        _open = open ?? program.OpenDatabaseAsync;
    }

    public RunningProgram Program { get; }

    public Market Market { get; }

    public Random Random { get; }

    public static async Task<Lab> StartAsync(int seed, IReadOnlyDictionary<string, string?>? settings = null, string? parent = null)
    {
        var upstream = await FakeUpstream.StartAsync();
        var program = RunningProgram.Prepared(settings, parent);
        await program.StartAgainAsync();
        return new Lab(seed, upstream, program, await Market.OpenAsync(program, upstream.Address, AnyCalls));
    }

    /// <summary>An allowance that no round uses up.</summary>
    public static object AnyCalls => Market.Deny("minute", 10_000_000);

    public async Task<RoundResult> RoundAsync(Fault fault)
    {
        await using var load = new Load(Program, Market);
        await PauseAsync(300, 900);
        await fault.DoAsync(this, load);
        await PauseAsync(300, 600);
        await load.StopAsync();
        var recovery = Stopwatch.StartNew();
        var reconciled = await ReconciledAsync();
        var seconds = recovery.Elapsed.TotalSeconds;
        _upstream.Received.Clear();
        return await CompareAsync(fault.Name, load, reconciled, seconds);
    }

    public Task PauseAsync(int least, int most) => Task.Delay(Random.Next(least, most), CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        Market.Dispose();
        await Program.DisposeAsync();
        await _upstream.DisposeAsync();
    }

    // Until everything is shipped after an outage the command says that the node is unsettled (2), or that it cannot reach the server. A difference (1) never goes away.
    private async Task<bool> ReconciledAsync()
    {
        for (var watch = Stopwatch.StartNew(); ; await Task.Delay(100))
        {
            var (exitCode, output) = await Program.CommandAsync("reconcile");
            if (exitCode == 0)
                return true;
            if (exitCode == 1 || watch.Elapsed > Patience)
            {
                await Console.Error.WriteLineAsync(output);
                return false;
            }
        }
    }

    private async Task<RoundResult> CompareAsync(string fault, Load load, bool reconciled, double seconds)
    {
        await using var database = await _open();
        await using var command = database.CreateCommand("""
            SELECT count(*), count(*) - count(DISTINCT request_id),
              (SELECT count(*) FROM unnest($1) AS answered (id) WHERE NOT EXISTS (SELECT FROM metering.request_log l WHERE l.request_id = answered.id))
            FROM metering.request_log
            """);
        command.Parameters.Add(new NpgsqlParameter { Value = load.Answered.ToArray() });
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        var (logged, doubled) = (reader.GetInt64(0), reader.GetInt64(1));
        var result = new RoundResult(fault, load.Answered.Count, load.Refused, logged - _loggedBefore, reader.GetInt64(2), doubled - _doubledBefore, reconciled, seconds);
        (_loggedBefore, _doubledBefore) = (logged, doubled);
        return result;
    }
}
