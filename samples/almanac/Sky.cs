namespace Tollgate.Samples.Almanac;

internal sealed record SunTimes(string Date, double Latitude, double Longitude, string? Sunrise, string? Sunset, double DaylightMinutes);

internal sealed record MoonPhase(string Date, string Phase, double Illumination, double AgeDays);

internal sealed record Note(DateOnly Date, string Text);

/// <summary>Sun and moon by the usual low-precision series: minutes for the sun, about an hour for the moon.</summary>
internal static class Sky
{
    private const double SynodicMonth = 29.530588853;
    private static readonly DateTime KnownNewMoon = new(2000, 1, 6, 18, 14, 0, DateTimeKind.Utc);

    private static readonly string[] Phases =
        ["new moon", "waxing crescent", "first quarter", "waxing gibbous", "full moon", "waning gibbous", "last quarter", "waning crescent"];

    public static MoonPhase Moon(DateOnly date)
    {
        var days = (date.ToDateTime(new TimeOnly(12, 0)) - KnownNewMoon).TotalDays;
        var age = ((days % SynodicMonth) + SynodicMonth) % SynodicMonth;
        var lit = (1 - Math.Cos(2 * Math.PI * age / SynodicMonth)) / 2;
        return new MoonPhase(date.ToString("O"), Phases[(int)Math.Round(age / SynodicMonth * 8) % 8], Math.Round(lit, 3), Math.Round(age, 2));
    }

    // The sunrise equation with the equation of time and 0.833 degrees for refraction and the sun's radius.
    public static SunTimes Sun(DateOnly date, double latitude, double longitude)
    {
        var angle = 2 * Math.PI / 365 * (date.DayOfYear - 1 + 0.5);
        var equation = 229.18 * (0.000075 + 0.001868 * Math.Cos(angle) - 0.032077 * Math.Sin(angle) - 0.014615 * Math.Cos(2 * angle) - 0.040849 * Math.Sin(2 * angle));
        var declination = 0.006918 - 0.399912 * Math.Cos(angle) + 0.070257 * Math.Sin(angle) - 0.006758 * Math.Cos(2 * angle) + 0.000907 * Math.Sin(2 * angle);
        var phi = latitude * Math.PI / 180;
        var cosine = Math.Cos(90.833 * Math.PI / 180) / (Math.Cos(phi) * Math.Cos(declination)) - Math.Tan(phi) * Math.Tan(declination);
        if (cosine is > 1 or < -1)
            return new SunTimes(date.ToString("O"), latitude, longitude, null, null, cosine > 1 ? 0 : 1440);
        var half = Math.Acos(cosine) * 180 / Math.PI * 4;
        var noon = 720 - 4 * longitude - equation;
        var midnight = date.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc);
        return new SunTimes(date.ToString("O"), latitude, longitude, midnight.AddMinutes(noon - half).ToString("yyyy-MM-dd'T'HH:mm'Z'"),
            midnight.AddMinutes(noon + half).ToString("yyyy-MM-dd'T'HH:mm'Z'"), Math.Round(2 * half, 1));
    }
}
