using Tollgate.TestKit;

namespace Tollgate.Host.Tests;

/// <summary>
/// One running program for all tests that neither end it nor set it up in their own way: to start one costs more than most tests do. Each opens a <see cref="Market"/> of its own. The tests
/// of the collection run one after the other, so what one of them counts is its own.
/// </summary>
[CollectionDefinition(Name)]
public sealed class SharedProgram : IAsyncLifetime, ICollectionFixture<SharedProgram>
{
    public const string Name = "shared program";

    private readonly string _folder = Directory.CreateTempSubdirectory("tollgate-shared-").FullName;

    public RunningProgram Program { get; private set; } = null!;

    public FakeUpstream Upstream { get; private set; } = null!;

    /// <summary>What this program trusts, and nothing else: for an upstream with TLS.</summary>
    public TestCertificate Trusted { get; } = TestCertificate.Create();

    public async ValueTask InitializeAsync()
    {
        Trusted.WriteTo(_folder);
        await File.WriteAllTextAsync(Path.Combine(_folder, "index.html"), "<!doctype html><title>Portal</title>");
        foreach (var name in new[] { "script.js", "style.css", "image.svg" })
            await File.WriteAllTextAsync(Path.Combine(_folder, name), "");
        Upstream = await FakeUpstream.StartAsync();
        Program = await RunningProgram.StartAsync(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["SSL_CERT_FILE"] = Path.Combine(_folder, "cert.pem"),
            ["Portal__Directory"] = _folder,
            ["Proxy__Trusted"] = "127.0.0.1",
            ["Gateway__ConnectTimeoutSeconds"] = "60",
            ["Identity__RegistersPerHour"] = "1000",
        }, fromNothing: true);
    }

    public async ValueTask DisposeAsync()
    {
        await Program.DisposeAsync();
        await Upstream.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
