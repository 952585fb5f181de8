namespace Tollgate.Identity.Sessions;

/// <summary>A name that a person recognizes in a list of devices: "Firefox on Linux", or the first word of what the client calls itself.</summary>
internal static class DeviceName
{
    private static readonly (string Mark, string Name)[] Browsers = [("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari")];
    private static readonly (string Mark, string Name)[] Systems =
        [("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS X", "macOS"), ("Linux", "Linux")];

    public static string Of(string userAgent)
    {
        var browser = Array.Find(Browsers, b => userAgent.Contains(b.Mark, StringComparison.Ordinal)).Name;
        var system = Array.Find(Systems, s => userAgent.Contains(s.Mark, StringComparison.Ordinal)).Name;
        if (browser is not null)
            return system is null ? browser : $"{browser} on {system}";
        var word = userAgent.Split(' ', '/')[0];
        return word.Length == 0 ? "Unknown device" : word[..Math.Min(word.Length, 40)];
    }
}
