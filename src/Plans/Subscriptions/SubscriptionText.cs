using System.Text.Json;

namespace Tollgate.Plans.Subscriptions;

/// <summary>The words of subscriptions in SQL: the snake_case names of the enums.</summary>
internal static class SubscriptionText
{
    public static SubscriptionStatus Status(string text) => Enum.GetValues<SubscriptionStatus>().Single(s => Of(s) == text);

    public static SubscriptionSource Source(string text) => Enum.GetValues<SubscriptionSource>().Single(s => Of(s) == text);

    public static string Of(SubscriptionStatus status) => JsonNamingPolicy.SnakeCaseLower.ConvertName(status.ToString());

    public static string Of(SubscriptionSource source) => JsonNamingPolicy.SnakeCaseLower.ConvertName(source.ToString());
}
