namespace Tollgate.Plans.Subscriptions;

/// <summary>IANA zones by name. One that this machine's zone data does not know counts as UTC, so that a stale machine still serves.</summary>
internal static class Zones
{
    public static TimeZoneInfo Find(string name) => TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) ? zone : TimeZoneInfo.Utc;
}
