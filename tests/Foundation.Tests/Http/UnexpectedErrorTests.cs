using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Tollgate.TestKit;

namespace Tollgate.Foundation.Tests.Http;

/// <summary>What nobody foresaw: the caller gets the request's id and nothing of the inside.</summary>
public sealed class UnexpectedErrorTests
{
    private const string Inner = "Host=10.0.0.5 of identity.account";

    [Theory]
    [InlineData("/bug", 500, "INTERNAL_ERROR")]
    [InlineData("/late", 500, "INTERNAL_ERROR")]
    [InlineData("/database", 503, "DATABASE_UNAVAILABLE")]
    public async Task Answer_TellsTheIdAndNothingInner(string path, int status, string code)
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var server = await TestServer.StartAsync(database, (services, _) => services.AddAuthorization().AddAuthentication(), app =>
        {
            app.MapGet("/bug", IResult () => throw new InvalidOperationException(Inner)).AllowAnonymous();
            app.MapGet("/database", IResult () => throw new NpgsqlException(Inner, new TimeoutException(Inner))).AllowAnonymous();
            app.MapGet("/late", async Task<IResult> () =>
            {
                await Task.Yield();
                throw new FormatException(Inner, new InvalidOperationException(Inner));
            }).AllowAnonymous();
        });
        using var response = await server.Client.GetAsync(path);
        ((int)response.StatusCode).ShouldBe(status);
        var text = await response.Content.ReadAsStringAsync();
        var problem = JsonDocument.Parse(text).RootElement;
        problem.GetProperty("code").GetString().ShouldBe(code);
        problem.GetProperty("request_id").GetString().ShouldBe(response.Headers.GetValues(RequestId.Header).Single());
        foreach (var word in new[] { "10.0.0.5", "identity.account", "Exception", "at Tollgate", ".cs" })
            text.ShouldNotContain(word);
        response.Headers.Contains("X-Content-Type-Options").ShouldBeTrue();
    }
}
