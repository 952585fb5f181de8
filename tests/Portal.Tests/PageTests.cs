using Microsoft.Playwright;

namespace Tollgate.Portal.Tests;

/// <summary>What holds for every page, in both themes, on a desk and in a hand.</summary>
public sealed class PageTests(PortalFixture fixture)
{
    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(1280, ColorScheme.Dark)]
    [InlineData(390, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task EveryPage_HasNoSeriousOrCriticalViolation(int width, ColorScheme theme) =>
        (await fixture.TourAsync()).Sights.Where(each => each.Width == width && each.Theme == theme).SelectMany(each => each.Violations).ShouldBeEmpty();

    [Fact]
    public async Task EveryPage_At390_DoesNotScrollSideways() =>
        (await fixture.TourAsync()).Sights.Where(each => each.Width == 390 && each.Wide > 390).Select(each => $"{each.Name} is {each.Wide} wide").ShouldBeEmpty();

    [Fact]
    public async Task EveryPage_LoadsOnlyFromItsOwnOrigin_WithoutErrors_UnderAPolicyThatAllowsNoInlineScript()
    {
        var tour = await fixture.TourAsync();
        tour.Pages.ShouldBeGreaterThan(40);
        tour.Sights.Count.ShouldBe(tour.Pages * 4);
        tour.Complaints.ShouldBeEmpty();
        tour.Lax.ShouldBeEmpty();
    }

    [Fact]
    public async Task Violations_AreSeen()
    {
        await using var visit = await fixture.VisitAsync();
        await visit.OpenAsync("/sign-in");
        await visit.Page.EvaluateAsync("""
            () => {
              const pale = Object.assign(document.createElement('p'), { textContent: 'pale' })
              Object.assign(pale.style, { color: '#888', background: '#999' })
              document.querySelector('main').append(pale, document.createElement('button'))
            }
            """);
        var seen = await Axe.ViolationsAsync(visit.Page, "planted");
        seen.ShouldContain(each => each.Contains("color-contrast", StringComparison.Ordinal));
        seen.ShouldContain(each => each.Contains("button-name", StringComparison.Ordinal));
    }
}
