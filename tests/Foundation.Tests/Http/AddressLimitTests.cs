using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.TestKit;

namespace Tollgate.Foundation.Tests.Http;

/// <summary>Who is refused for the address is told when to come again, and is let in then.</summary>
public sealed class AddressLimitTests : IAsyncLifetime
{
    private readonly ManualClock _clock = new();
    private TestDatabase? _database;
    private TestServer? _server;

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync();
        _server = await TestServer.StartAsync(_database, (services, _) =>
        {
            services.AddAuthorization().AddAuthentication();
            services.AddAddressLimit("hourly", 3, TimeSpan.FromHours(1)).AddAddressLimit("minutely", 2, TimeSpan.FromMinutes(1));
        }, app =>
        {
            app.MapGet("/hourly", () => "in").AllowAnonymous().RequireRateLimiting("hourly");
            app.MapGet("/minutely", () => "in").AllowAnonymous().RequireRateLimiting("minutely");
        }, _clock, new Dictionary<string, string?>(StringComparer.Ordinal) { ["Proxy:Trusted"] = "127.0.0.1" });
    }

    public async ValueTask DisposeAsync()
    {
        await _server!.DisposeAsync();
        await _database!.DisposeAsync();
    }

    [Theory]
    [InlineData("/hourly", 3, 3600)]
    [InlineData("/minutely", 2, 60)]
    public async Task Refused_IsToldWhenItOpens_NotBefore(string path, int permits, int window)
    {
        for (var i = 0; i < permits; i++)
            (await RetryAfterAsync(path)).ShouldBeNull();
        (await RetryAfterAsync(path)).ShouldBe(window);
        (await RetryAfterAsync(path, "198.51.100.4")).ShouldBeNull();
        _clock.Advance(TimeSpan.FromSeconds(window - 1));
        (await RetryAfterAsync(path)).ShouldBe(1);
        _clock.Advance(TimeSpan.FromSeconds(1));
        (await RetryAfterAsync(path)).ShouldBeNull();
    }

    [Fact]
    public async Task Permits_TakenOneAfterTheOther_ComeBackSo()
    {
        foreach (var minutes in new[] { 0, 15, 15 })
        {
            _clock.Advance(TimeSpan.FromMinutes(minutes));
            (await RetryAfterAsync("/hourly")).ShouldBeNull();
        }
        // Taken at 0, 15 and 30 minutes: in the sixths that begin at 0, 10 and 30.
        (await RetryAfterAsync("/hourly")).ShouldBe(30 * 60);
        foreach (var (wait, next) in new[] { (30, 10), (10, 20), (20, 30) })
        {
            _clock.Advance(TimeSpan.FromMinutes(wait));
            (await RetryAfterAsync("/hourly")).ShouldBeNull();
            (await RetryAfterAsync("/hourly")).ShouldBe(next * 60);
        }
    }

    [Fact]
    public async Task AfterALongSilence_AllAreBack()
    {
        for (var i = 0; i < 3; i++)
            await RetryAfterAsync("/hourly");
        _clock.Advance(TimeSpan.FromHours(50));
        for (var i = 0; i < 3; i++)
            (await RetryAfterAsync("/hourly")).ShouldBeNull();
        (await RetryAfterAsync("/hourly")).ShouldNotBeNull();
    }

    [Fact]
    public async Task ManyAtOnce_AreNoMoreThanTheLimit()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => RetryAfterAsync("/hourly")));
        answers.Count(seconds => seconds is null).ShouldBe(3);
    }

    /// <summary>The seconds a refused call is told to wait; null for one that is let in.</summary>
    private async Task<int?> RetryAfterAsync(string path, string from = "203.0.113.9")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("X-Forwarded-For", from);
        using var response = await _server!.Client.SendAsync(request);
        if (response.StatusCode == System.Net.HttpStatusCode.OK)
            return null;
        ((int)response.StatusCode).ShouldBe(StatusCodes.Status429TooManyRequests);
        var seconds = (int)response.Headers.RetryAfter!.Delta!.Value.TotalSeconds;
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>();
        problem.GetProperty("detail").GetString()!.ShouldContain($"in {seconds} s");
        response.Headers.GetValues("X-RateLimit-Reset").ShouldBe([$"{seconds}"]);
        return seconds;
    }
}
