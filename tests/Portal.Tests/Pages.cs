namespace Tollgate.Portal.Tests;

/// <summary>Every page that there is, once with and once without something on it.</summary>
internal static class Pages
{
    public static IReadOnlyList<(string Name, string Path)> Public(Town town) =>
    [
        ("catalog", "/marketplace"),
        ("catalog-empty", "/marketplace?q=nothing-is-called-so"),
        ("listing", town.WeatherListing),
        ("sign-in", "/sign-in"),
        ("sign-up", "/sign-up"),
        ("forgot-password", "/forgot-password"),
        ("reset-password", "/reset-password#" + Mails.WrongSecret),
        ("sign-in-link-missing", "/sign-in/link"),
        ("reset-password-link-missing", "/reset-password"),
        ("invitation-signed-out", "/invitation"),
        ("not-found", "/no/such/page"),
    ];

    /// <summary>Of somebody who has just come: each list is empty.</summary>
    public static IReadOnlyList<(string Name, string Path)> Newcomer { get; } =
    [
        ("subscriptions-empty", "/subscriptions"),
        ("apis-empty", "/apis"),
        ("meters-empty", "/meters"),
        ("organization-personal", "/organization"),
        ("devices-one", "/devices"),
    ];

    public static IReadOnlyList<(string Name, string Path)> Desk(Town town) =>
    [
        ("subscriptions", "/subscriptions"),
        ("subscription", $"/subscriptions/{town.Subscription}"),
        ("subscription-hours", $"/subscriptions/{town.Subscription}?by=hour&show=refused"),
        ("apis", "/apis"),
        ("import", "/apis/new"),
        ("api", $"/apis/{town.Weather}"),
        ("api-plans", $"/apis/{town.Weather}?view=plans"),
        ("api-endpoints", $"/apis/{town.Weather}?view=endpoints"),
        ("api-usage", $"/apis/{town.Weather}?view=usage"),
        ("api-settings", $"/apis/{town.Weather}?view=settings"),
        ("api-usage-meter", $"/apis/{town.Weather}?view=usage&by=hour&of={town.Meter}"),
        ("organization", "/organization"),
        ("invitation-none", "/invitation"),
        ("devices", "/devices"),
        ("tokens-empty", "/tokens"),
        ("meters", "/meters"),
        ("meter", $"/meters?meter={town.MeterId}"),
        ("account", "/account"),
        ("audit-log", "/audit-log"),
        ("audit-log-empty", "/audit-log?action=nothing.happened"),
        ("admin", "/admin"),
        ("admin-account", $"/admin?q=meteo&open={town.AdaId}"),
        ("admin-empty", "/admin?q=nobody-is-called-so"),
        ("admin-organizations", "/admin?view=organizations"),
        ("admin-organization", $"/admin?view=organizations&q=meteo&open={town.AdaOrganization}"),
        ("admin-organizations-empty", "/admin?view=organizations&status=suspended&q=nobody-is-called-so"),
        ("verify-email-known", "/verify-email"),
        ("draft", $"/apis/{town.Draft}"),
        ("draft-plans", $"/apis/{town.Draft}?view=plans"),
        ("draft-usage", $"/apis/{town.Draft}?view=usage"),
        ("listing-signed-in", town.WeatherListing),
    ];
}
