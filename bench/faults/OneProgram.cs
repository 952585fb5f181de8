using Tollgate.Host.Tests.Faults;

namespace Faults;

/// <summary>The program with all its roles and its own PostgreSQL, as it starts by itself.</summary>
/// <param name="long">With outages of minutes.</param>
internal sealed class OneProgram(bool @long) : Setup
{
    private static readonly Fault[] Short =
    [
        Fault.KillProgram, Fault.KillPostgres, Fault.KillBoth, Fault.KillProgramWhilePostgresHangs, Fault.PostgresHangs(3), Fault.PostgresGone(5), Fault.StopProgram,
    ];

    public override int Share => 0;

    // Often enough the short ones, that a run has the long ones once.
    public override IReadOnlyList<Fault> Faults { get; } = @long ? [.. Short, Fault.PostgresGone(120), Fault.PostgresHangs(120), .. Short, .. Short, .. Short, .. Short] : Short;

    public override Task<Lab> StartAsync(int seed) => Lab.StartAsync(seed);
}
