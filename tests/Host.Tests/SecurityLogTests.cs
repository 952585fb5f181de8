using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Tollgate.TestKit;

namespace Tollgate.Host.Tests;

/// <summary>What the program's log tells of who was refused, and that nobody writes lines of his own into it.</summary>
[Collection(SharedProgram.Name)]
public sealed class SecurityLogTests(SharedProgram shared)
{
    private const string Email = "logged.refused@example.com";

    [Fact]
    public async Task Refusals_TellWhyFromWhereAndWho_AndNothingThatWasTyped()
    {
        using var http = RunningProgram.NewClient(shared.Program.Control);
        http.DefaultRequestHeaders.Add("X-Forwarded-For", "203.0.113.91");
        var session = await Market.PostAsync(http, "/auth/register", new { email = Email, password = "correct horse battery", name = "Refused" });
        for (var i = 0; i < 10; i++)
            await RefusedAsync(http, "/auth/login", new { email = Email, password = "typed by mistake" }, HttpStatusCode.Unauthorized);
        await RefusedAsync(http, "/auth/login", new { email = Email, password = "typed by mistake" }, HttpStatusCode.TooManyRequests);
        http.DefaultRequestHeaders.Authorization = new("Bearer", session.GetProperty("access_token").GetString());
        using (var forbidden = await http.GetAsync("/api/admin/accounts"))
            forbidden.StatusCode.ShouldBe(HttpStatusCode.Forbidden);

        var account = session.GetProperty("account").GetProperty("id").GetString();
        var mine = (await LinesAsync(12, line => Text(line, "Address") == "203.0.113.91")).Select(line => (Text(line, "Method"), Text(line, "Path"), Text(line, "Status"), Text(line, "Code"), Text(line, "Account"))).ToList();
        mine.Count(line => line == ("POST", "/auth/login", "401", "INVALID_CREDENTIALS", null)).ShouldBe(10);
        mine.ShouldContain(("POST", "/auth/login", "429", "TOO_MANY_ATTEMPTS", null));
        mine.ShouldContain(("GET", "/api/admin/accounts", "403", "FORBIDDEN", account));
        shared.Program.Output.ShouldNotContain(Email);
        shared.Program.Output.ShouldNotContain("typed by mistake");
    }

    [Fact]
    public async Task LineBreaksInAnAddress_MakeNoLine()
    {
        await RawAnswer.ToAsync(shared.Program.Control, "GET /broken%0A%0D%1B[2K{\"Forged\":1} HTTP/1.1\r\nHost: a\r\nUser-Agent: x\r\n\r\n");
        var line = (await LinesAsync(1, line => Text(line, "Path")?.StartsWith("/broken", StringComparison.Ordinal) == true)).Single();
        Text(line, "Path").ShouldBe("/broken%0A%0D%1B%5B2K%7B%22Forged%22:1%7D");
    }

    [Fact]
    public async Task EveryLine_IsOneObjectWithItsTimeInUtc()
    {
        await RawAnswer.ToAsync(shared.Program.Control, "GET /of/a/line HTTP/1.1\r\nHost: a\r\n\r\n");
        await LinesAsync(1, line => Text(line, "Path") == "/of/a/line");
        var lines = shared.Program.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line.StartsWith('{')).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        foreach (var line in lines)
            DateTimeOffset.ParseExact(line.GetProperty("Timestamp").GetString()!, "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal).ShouldBe(TimeProvider.System.GetUtcNow(), TimeSpan.FromHours(1));
        lines.Select(line => Text(line, "RequestId")).OfType<string>().Distinct(StringComparer.Ordinal).Count().ShouldBeGreaterThan(0);
    }

    private static async Task RefusedAsync(HttpClient http, string path, object body, HttpStatusCode status)
    {
        using var response = await http.PostAsJsonAsync(path, body);
        response.StatusCode.ShouldBe(status);
    }

    // An answer is there a moment before its line.
    private async Task<List<JsonElement>> LinesAsync(int count, Func<JsonElement, bool> which)
    {
        for (var tries = 0; ; tries++)
        {
            var found = shared.Program.Output.Split('\n').Where(line => line.StartsWith('{') && line.Contains("\"Path\"", StringComparison.Ordinal)).Select(line => JsonDocument.Parse(line).RootElement).Where(which).ToList();
            if (found.Count >= count)
                return found;
            tries.ShouldBeLessThan(3_000, $"{found.Count} of {count} lines");
            await Task.Delay(20);
        }
    }

    private static string? Text(JsonElement line, string name) => line.TryGetProperty("State", out var state) && state.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value.ToString() : null;
}
