using System.Text;
using System.Text.Json;

namespace Tollgate.Architecture.Tests.Access;

/// <summary>A request to one endpoint that whoever may call it calls with success. What it destroys is made anew for each call.</summary>
internal sealed record Sample
{
    /// <summary>The value of the route's first parameter.</summary>
    public Func<Town, Task<string>>? Id { get; init; }

    /// <summary>Values of further route parameters, by name.</summary>
    public Func<Town, string, Task<string>>? Other { get; init; }

    public Func<Town, object?> Body { get; init; } = _ => null;

    public string Query { get; init; } = "";

    /// <summary>It answers 200 to everybody, with a verdict on each part; this reads who was refused.</summary>
    public Func<string, bool>? Refuses { get; init; }

    /// <summary>It names what does not exist: whoever comes as far is told so.</summary>
    public bool Missing { get; init; }

    /// <summary>Who calls it has no session any more.</summary>
    public bool SignsOut { get; init; }

    /// <summary>What answers whoever may call it, where more would need a person's device, or would end the account.</summary>
    public int? ComesTo { get; init; }

    public static Sample Of(Func<Town, string> id, Func<Town, object?>? body = null) => new() { Id = town => Task.FromResult(id(town)), Body = body ?? (_ => null) };

    public static Sample New(Func<Town, Task<string>> id, Func<Town, object?>? body = null) => new() { Id = id, Body = body ?? (_ => null) };

    public static StringContent Json(object body, string type) => new(JsonSerializer.Serialize(body), Encoding.UTF8, type);
}
