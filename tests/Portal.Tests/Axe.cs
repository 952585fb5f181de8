using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace Tollgate.Portal.Tests;

internal static class Axe
{
    public static async Task AssertFineAsync(IPage page, string where) => (await ViolationsAsync(page, where)).ShouldBeEmpty();

    /// <summary>Serious and critical ones, each with where it is.</summary>
    public static async Task<IReadOnlyList<string>> ViolationsAsync(IPage page, string where)
    {
        var result = await page.RunAxe();
        return [.. result.Violations.Where(each => each.Impact is "serious" or "critical")
            .Select(each => $"{where}: {each.Id} ({each.Impact}) {each.Help}: {string.Join(" | ", each.Nodes.Take(3).Select(node => node.Html))}")];
    }
}
