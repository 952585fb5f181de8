using System.Net.Http.Headers;
using Tollgate.TestKit;

namespace Tollgate.Host.Tests;

[Collection(SharedProgram.Name)]
public sealed class PortalFilesTests(SharedProgram shared)
{
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

    [Theory]
    [InlineData("/../../../../etc/passwd")]
    [InlineData("/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd")]
    [InlineData("/..%2f..%2f..%2fetc%2fpasswd")]
    [InlineData("/assets/..%5c..%5csecrets%5cmaster.key")]
    [InlineData("/secrets/master.key")]
    [InlineData("/appsettings.json")]
    [InlineData("/tollgate.dll")]
    [InlineData("/.git/config")]
    [InlineData("/cert.pem/")]
    [InlineData("/")]
    [InlineData("/assets/")]
    public async Task Address_OfWhatIsNotInThePortal_IsNothing(string target)
    {
        var answer = await RawAnswer.ToAsync(shared.Program.Control, $"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
        answer.Status.ShouldBe(404);
        answer.Headers["Content-Type"].ShouldBe("application/problem+json");
    }

    private async Task ExpectAsync(string path, string accept, int status, string type)
    {
        using var client = RunningProgram.NewClient(shared.Program.Control);
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
