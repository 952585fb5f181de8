namespace Tollgate.Host.Tests.Faults;

internal static class FaultSettings
{
    /// <summary>A journal of 1 MB, full after some thousand calls: in a folder on a disk that is no larger, or by a setting.</summary>
    public static Dictionary<string, string?> SmallJournal(string? folder = null)
    {
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal) { ["Journal__SegmentBytes"] = "65536" };
        if (folder is null)
            settings["Journal__MaximumBytes"] = "1048576";
        else
            settings["Journal__Directory"] = folder;
        return settings;
    }
}
