using System.Text.Json;
using Deque.AxeCore.Commons;
using Microsoft.Playwright;

namespace Tollgate.Portal.Tests;

/// <summary>
/// All rules of axe-core, run in the page itself. The package's own call opens a blank page for each run and brings every passed check with its nodes back: 1.3 s a page, for 0.1 s of checking.
/// </summary>
internal static class Axe
{
    private static readonly string Script = new BundledAxeScriptProvider().GetScript();

    public static async Task AssertFineAsync(IPage page, string where) => (await ViolationsAsync(page, where)).ShouldBeEmpty();

    /// <summary>Serious and critical ones, each with where it is.</summary>
    public static async Task<IReadOnlyList<string>> ViolationsAsync(IPage page, string where, bool coloursOnly = false)
    {
        if (!await page.EvaluateAsync<bool>("typeof axe === 'object'"))
            await page.EvaluateAsync(Script);
        var found = (await page.EvaluateAsync<JsonElement?>("""
            async coloursOnly => (await axe.run(document, { resultTypes: ['violations'], ...(coloursOnly && { runOnly: ['color-contrast', 'link-in-text-block'] }) })).violations
              .map(({ id, impact, help, nodes }) => ({ id, impact, help, nodes: nodes.slice(0, 3).map(node => node.html) }))
            """, coloursOnly))!.Value;
        return [.. found.EnumerateArray().Where(each => each.GetProperty("impact").GetString() is "serious" or "critical").Select(each => Describe(where, each))];
    }

    private static string Describe(string where, JsonElement violation) =>
        $"{where}: {violation.GetProperty("id")} ({violation.GetProperty("impact")}) {violation.GetProperty("help")}: {string.Join(" | ", violation.GetProperty("nodes").EnumerateArray())}";
}
