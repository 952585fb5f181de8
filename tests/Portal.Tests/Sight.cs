using Microsoft.Playwright;

namespace Tollgate.Portal.Tests;

/// <summary>A page as it was seen at one width, in one theme.</summary>
/// <param name="Violations">What axe-core has against it that is serious or critical.</param>
/// <param name="Wide">How wide it is; more than the window scrolls sideways.</param>
internal sealed record Sight(string Name, int Width, ColorScheme Theme, int Wide, IReadOnlyList<string> Violations);
