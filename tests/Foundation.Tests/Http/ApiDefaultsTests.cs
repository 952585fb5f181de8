using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Tollgate.Foundation.Tests.Http;

/// <summary>An endpoint whose input nobody checks stops the start.</summary>
public sealed class ApiDefaultsTests
{
    [Fact]
    public void Get_WithAQueryParameterByItself_IsRefused()
    {
        Building(group => group.MapGet("/a", (string? q) => q)).ShouldContain("takes the query parameter q by itself");
        Building(group => group.MapGet("/a/{id}", (string id, int? limit) => id)).ShouldContain("limit");
        Building(group => group.MapGet("/a", (DayOfWeek? day) => day)).ShouldContain("day");
        Building(group => group.MapGet("/a", ([FromQuery(Name = "x")] StringOrNot? text) => text?.Text)).ShouldContain("text");
    }

    [Fact]
    public void Get_WithASetThatCannotCheckItself_IsRefused() =>
        Building(group => group.MapGet("/a", ([AsParameters] Unchecked set) => set.Q)).ShouldContain("does not implement IRequest");

    [Fact]
    public void Get_WithRouteServiceHeaderAndCheckedSet_IsFine() =>
        Building(group => group.MapGet("/a/{id}/{number:int}", (string id, int number, TimeProvider clock, [FromHeader] string? accept, [AsParameters] Checked set, CancellationToken stop) => id)).ShouldBe("");

    private static string Building(Action<RouteGroupBuilder> map)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddSingleton(TimeProvider.System);
        var app = builder.Build();
        map(app.MapGroup("/x").WithApiDefaults());
        try
        {
            _ = ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints).Count();
            return "";
        }
        catch (InvalidOperationException refused)
        {
            return refused.Message;
        }
    }

    private sealed class Unchecked
    {
        public string? Q { get; init; }
    }

    private sealed class Checked : IRequest
    {
        public string? Q { get; init; }

        public void Validate(Errors errors)
        {
        }
    }

    private sealed record StringOrNot(string Text)
    {
        public static bool TryParse(string text, out StringOrNot value)
        {
            value = new StringOrNot(text);
            return true;
        }
    }
}
