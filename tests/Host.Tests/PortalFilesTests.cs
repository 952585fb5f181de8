using System.Net.Http.Headers;
using Tollgate.TestKit;

namespace Tollgate.Host.Tests;

public sealed class PortalFilesTests : IAsyncLifetime
{
    private readonly string _portal = Directory.CreateTempSubdirectory("tollgate-portal-").FullName;
    private RunningProgram _program = null!;

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(Path.Combine(_portal, "index.html"), "<!doctype html><title>Portal</title>");
        _program = await RunningProgram.StartAsync(new Dictionary<string, string?>(StringComparer.Ordinal) { ["Portal__Directory"] = _portal });
    }

    public async ValueTask DisposeAsync()
    {
        await _program.DisposeAsync();
        Directory.Delete(_portal, recursive: true);
    }

    [Fact]
    public async Task Marketplace_AnswersByAccept_WithVaryAndSecurityHeadersOnEach()
    {
        await ExpectAsync("/marketplace/discover", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", 200, "text/html");
        await ExpectAsync("/marketplace/discover", "*/*", 200, "application/json");
        await ExpectAsync("/marketplace/discover", "text/html;q=0, application/json", 200, "application/json");
        await ExpectAsync("/marketplace/discover", "application/json, text/html;q=0.1", 200, "application/json");
        await ExpectAsync("/marketplace/discover?limit=many", "application/json", 422, "application/problem+json");
        await ExpectAsync("/marketplace/listings/no/such", "application/json", 404, "application/problem+json");
    }

    private async Task ExpectAsync(string path, string accept, int status, string type)
    {
        using var client = RunningProgram.NewClient(_program.Control);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        foreach (var range in accept.Split(','))
            request.Headers.Accept.Add(MediaTypeWithQualityHeaderValue.Parse(range));
        using var response = await client.SendAsync(request);

        var told = $"{path} for {accept}";
        ((int)response.StatusCode).ShouldBe(status, told);
        response.Content.Headers.ContentType!.MediaType.ShouldBe(type, told);
        response.Headers.Vary.ShouldContain("Accept", told);
        foreach (var name in new[] { "Content-Security-Policy", "X-Content-Type-Options", "Permissions-Policy", "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy" })
            response.Headers.Contains(name).ShouldBeTrue($"{name} of {told}");
    }
}
