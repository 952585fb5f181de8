namespace Tollgate.Portal.Tests;

/// <summary>Addresses that visitors come from, as a proxy would tell them: of the network that RFC 2544 keeps for tests.</summary>
internal static class Origins
{
    private static int _last;

    public static KeyValuePair<string, string> Next()
    {
        var number = Interlocked.Increment(ref _last);
        return KeyValuePair.Create("X-Forwarded-For", $"198.18.{number / 250}.{number % 250 + 1}");
    }
}
