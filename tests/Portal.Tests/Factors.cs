using System.Net.Http.Json;
using System.Text.Json;
using Tollgate.TestKit;

namespace Tollgate.Portal.Tests;

/// <summary>An authenticator app that somebody has turned on elsewhere. A code is taken once: this one has used that of now, and the next is for whoever asks.</summary>
internal sealed class Factors
{
    private Factors(AuthenticatorApp app, IReadOnlyList<string> recoveryCodes) => (App, RecoveryCodes) = (app, recoveryCodes);

    public AuthenticatorApp App { get; }

    public IReadOnlyList<string> RecoveryCodes { get; }

    public string NextCode => App.NextCode();

    public string WrongCode => App.WrongCode();

    public static async Task<Factors> TurnOnAsync(HttpClient http)
    {
        using var offered = await http.PostAsync("/auth/totp", null);
        var app = new AuthenticatorApp((await ReadAsync(offered)).GetProperty("secret").GetString()!);
        using var confirmed = await http.PostAsJsonAsync("/auth/totp/confirm", new { code = app.CodeNow() });
        return new(app, [.. (await ReadAsync(confirmed)).GetProperty("recovery_codes").EnumerateArray().Select(each => each.GetString()!)]);
    }

    public static async Task AskAsync(HttpClient owner, string organization)
    {
        using var asked = await owner.PatchAsJsonAsync($"/api/organizations/{organization}", new { require_second_factor = true });
        asked.IsSuccessStatusCode.ShouldBeTrue(await asked.Content.ReadAsStringAsync());
    }

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage response)
    {
        var body = await response.Content.ReadAsStringAsync();
        response.IsSuccessStatusCode.ShouldBeTrue(body);
        return JsonElement.Parse(body);
    }
}

internal static class Codes
{
    public static string CodeNow(this AuthenticatorApp app) => app.CodeAt(TimeProvider.System.GetUtcNow());

    /// <summary>Of the half minute that comes, which is taken already: for after that of now.</summary>
    public static string NextCode(this AuthenticatorApp app) => app.CodeAt(TimeProvider.System.GetUtcNow(), 1);

    /// <summary>None of the half minutes around now.</summary>
    public static string WrongCode(this AuthenticatorApp app)
    {
        var now = TimeProvider.System.GetUtcNow();
        var right = Enumerable.Range(-2, 6).Select(offset => app.CodeAt(now, offset)).ToHashSet();
        return Enumerable.Range(0, 10).Select(i => $"00000{i}").First(code => !right.Contains(code));
    }
}
