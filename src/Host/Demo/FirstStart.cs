using System.Security.Cryptography;
using System.Text.Json;
using Tollgate.Foundation;
using Tollgate.Host.Startup;

namespace Tollgate.Host.Demo;

/// <summary>
/// With <c>Demo__Seed=true</c> (set by ./run, never in production) the first start makes an operator, a demo organization and a published sample API, and every
/// start prints how to get in. What was made is kept in the data folder, readable by its owner only.
/// </summary>
internal static class FirstStart
{
    public const string FileName = "demo.json";

    public static async Task GreetAsync(WebApplication app, CancellationToken cancellation)
    {
        if (!app.Configuration.GetValue<bool>("Demo:Seed") || !app.Services.GetRequiredService<NodeRoles>().Control)
            return;
        var path = Path.Combine(app.Configuration["Data:Directory"] ?? "data", FileName);
        var facts = File.Exists(path) ? JsonSerializer.Deserialize<DemoFacts>(await File.ReadAllTextAsync(path, cancellation).ConfigureAwait(false), Json.Options) : null;
        if (facts is null)
        {
            facts = await DemoSeed.SeedAsync(app, NewPassword(), cancellation).ConfigureAwait(false);
            await KeepAsync(path, facts, cancellation).ConfigureAwait(false);
        }
        Print(facts);
    }

    private static string NewPassword() => RandomNumberGenerator.GetString("abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789", 20);

    private static async Task KeepAsync(string path, DemoFacts facts, CancellationToken cancellation)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        await using var file = new FileStream(path, options);
        await JsonSerializer.SerializeAsync(file, facts, Json.Options, cancellation).ConfigureAwait(false);
    }

    private static void Print(DemoFacts facts) => Console.WriteLine($"""

        Tollgate is running.

          Portal            {facts.PortalUrl}
          Operator          {facts.Email}
          Password          {facts.Password}
          Demo key          {facts.Key}

          curl -H 'x-api-key: {facts.Key}' '{facts.GatewayUrl}/v1/moon'

        """);
}

/// <summary>What the first start made.</summary>
internal sealed record DemoFacts(string PortalUrl, string Email, string Password, string Key, string ActionsKey, string GatewayUrl);
