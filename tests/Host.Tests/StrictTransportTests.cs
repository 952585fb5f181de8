using Tollgate.TestKit;

namespace Tollgate.Host.Tests;

/// <summary>TLS ends in a proxy, the program hears plain http; the operator has said where people find the portal.</summary>
public sealed class StrictTransportTests
{
    [Fact(Timeout = 120_000)]
    public async Task BehindAProxy_EveryAnswerSaysHttpsAlone_WhereThePortalHasAnHttpsAddress()
    {
        var folder = Directory.CreateTempSubdirectory("tollgate-proxy-").FullName;
        try
        {
            Directory.CreateDirectory(Path.Combine(folder, "assets"));
            await File.WriteAllTextAsync(Path.Combine(folder, "index.html"), "<!doctype html><title>Portal</title>", TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(Path.Combine(folder, "assets", "a.js"), "export {}", TestContext.Current.CancellationToken);
            await using var program = RunningProgram.Launched(new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["Tollgate__Roles"] = "portal",
                ["Portal__Directory"] = folder,
                ["Portal__PublicUrl"] = "https://portal.example.com",
                ["Proxy__Trusted"] = "127.0.0.1",
            });
            await program.UntilReadyAsync();
            foreach (var request in new[]
            {
                "GET / HTTP/1.1\r\nHost: portal.example.com\r\nAccept: text/html\r\n", "GET /assets/a.js HTTP/1.1\r\nHost: 127.0.0.1\r\n", "GET /_api/readyz HTTP/1.1\r\nHost: portal.example.com\r\n",
                "GET /no/such HTTP/1.1\r\nHost: portal.example.com\r\nX-Forwarded-Proto: https\r\n", "NOTHING\r\n",
            })
                (await RawAnswer.ToAsync(program.Control, request + "\r\n")).Headers["Strict-Transport-Security"].ShouldBe("max-age=31536000; includeSubDomains", request);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
