using System.Security.Cryptography;
using Npgsql;
using Tollgate.Host.Tests;
using Tollgate.Host.Tests.Faults;
using Tollgate.TestKit;

namespace Faults;

/// <summary>A gateway node, with its shipper, and a control node as processes of their own on an operator's PostgreSQL.</summary>
internal sealed class Nodes : Setup
{
    private ExternalPostgres? _server;
    private RunningProgram? _control;

    public Nodes() => Faults =
    [
        Fault.KillProgram with { Name = "gateway node and its shipper killed" },
        new("control node killed", async (lab, _) =>
        {
            await _control!.KillAsync();
            await lab.PauseAsync(200, 1500);
            await _control.StartAgainAsync();
        }),
        new("gateway node killed and started without PostgreSQL", async (lab, load) =>
        {
            await _server!.StopAsync();
            await lab.PauseAsync(200, 1500);
            await lab.Program.KillAsync();
            await lab.Program.StartAgainAsync();
            await load.AnswersAgainAsync();
            await _server.StartAgainAsync();
        }),
        new("PostgreSQL server stopped for 10 s", async (_, _) =>
        {
            await _server!.StopAsync();
            await Task.Delay(TimeSpan.FromSeconds(10));
            await _server.StartAgainAsync();
        }),
    ];

    public override IReadOnlyList<Fault> Faults { get; }

    public override async Task<Lab> StartAsync(int seed)
    {
        var server = _server = await ExternalPostgres.StartAsync();
        var gateway = RunningProgram.Launched(Settings(server, "gateway"));
        var settings = Settings(server, "control,worker");
        settings["Gateway__PublicUrl"] = gateway.Gateway.ToString().TrimEnd('/');
        _control = RunningProgram.Launched(settings);
        await _control.CommandAsync(Owner(server), "migrate");
        await _control.UntilReadyAsync();
        await gateway.UntilReadyAsync();
        var upstream = await FakeUpstream.StartAsync();
        return new Lab(seed, upstream, gateway, await Market.OpenAsync(_control, upstream.Address, Lab.AnyCalls),
            () => Task.FromResult(NpgsqlDataSource.Create(server.ConnectionString("postgres"))));
    }

    public override async ValueTask EndAsync()
    {
        await _control!.DisposeAsync();
        await _server!.DisposeAsync();
    }

    private static Dictionary<string, string?> Settings(ExternalPostgres server, string roles) => new(StringComparer.Ordinal)
    {
        ["Tollgate__Roles"] = roles,
        ["ConnectionStrings__Tollgate"] = server.ConnectionString("tollgate_app"),
        ["ConnectionStrings__Ingest"] = server.ConnectionString("tollgate_ingest"),
        ["ConnectionStrings__Worker"] = server.ConnectionString("tollgate_worker"),
        ["Secrets__Key"] = Convert.ToBase64String(SHA256.HashData([7])),
    };

    private static Dictionary<string, string?> Owner(ExternalPostgres server) => new(StringComparer.Ordinal)
    {
        ["ConnectionStrings__Migrate"] = server.ConnectionString("tollgate_owner"),
        ["ConnectionStrings__Tollgate"] = null,
        ["ConnectionStrings__Ingest"] = null,
        ["ConnectionStrings__Worker"] = null,
    };
}
