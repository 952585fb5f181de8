using System.Globalization;
using System.Net.Http.Json;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Tollgate.Portal.Tests;

/// <summary>What is paid for begins and ends by the clock of who pays, wherever somebody reads it.</summary>
public sealed class PeriodTests(PortalFixture fixture)
{
    [Fact]
    public async Task Periods_AreShownInTheZoneOfTheSubscriber_AndItIsTold()
    {
        // The browser is in UTC. A zone where it is another day at any time of the day.
        var zone = TimeProvider.System.GetUtcNow().Hour >= 11 ? "Pacific/Kiritimati" : "Etc/GMT+12";
        var town = await fixture.TownAsync();
        using var person = await town.SignUpAsync("Island Hopper", "island.hopper@example.com");
        using (var edited = await person.PatchAsJsonAsync("/api/organizations/island-hopper", new { name = "Island Hopper", slug = "island-hopper", time_zone = zone }))
            ((int)edited.StatusCode).ShouldBe(200, await edited.Content.ReadAsStringAsync());
        var (id, _) = await town.SubscribeAsync(person, town.Weather);
        var subscription = await Town.GetAsync(person, $"/api/subscriptions/{id}");
        subscription.GetProperty("time_zone").GetString().ShouldBe(zone);
        var (from, to) = (DayOf("period_start"), DayOf("period_end"));
        from.ShouldNotBe(subscription.GetProperty("period_start").GetDateTimeOffset().UtcDateTime.ToString("d MMM yyyy", CultureInfo.InvariantCulture));

        await using var visit = await fixture.VisitAsync();
        await visit.SignInAsync("island.hopper@example.com");
        await visit.OpenAsync("/subscriptions");
        var row = visit.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = "Weather" });
        await Expect(row).ToContainTextAsync($"to {to}");
        await Expect(row).ToContainTextAsync(zone);
        await visit.LookAsync("subscriptions-zone");
        await visit.FollowAsync("Weather");
        await Expect(visit.Page.GetByText($"{from} to {to}, {zone}")).ToHaveCountAsync(2);
        await Expect(visit.Page.GetByRole(AriaRole.Region, new() { Name = "Allowances" })).ToContainTextAsync($"{to}, ");
        await visit.LookAsync("subscription-zone");

        string DayOf(string boundary) => TimeZoneInfo.ConvertTime(subscription.GetProperty(boundary).GetDateTimeOffset(), TimeZoneInfo.FindSystemTimeZoneById(zone))
            .ToString("d MMM yyyy", CultureInfo.InvariantCulture).Replace("Sep ", "Sept ", StringComparison.Ordinal);
    }
}
