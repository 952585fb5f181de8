using Microsoft.Extensions.Options;

namespace Tollgate.Metering.Journal;

/// <summary>Section "Journal".</summary>
internal sealed class JournalOptions
{
    public const string Section = "Journal";
    public const int MinimumSegmentBytes = 8 * 1024;

    /// <summary>The journal's folder; by default `journal` in Data__Directory.</summary>
    public string? Directory { get; set; }

    /// <summary>Size of a segment. Fixed with the journal: a change takes effect with the next new journal.</summary>
    public int SegmentBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>What a power loss may take.</summary>
    public int FsyncIntervalMilliseconds { get; set; } = 1000;

    /// <summary>Shipped segments are kept this long, so that a restored database is filled again…</summary>
    public double RetentionHours { get; set; } = 72;

    /// <summary>…but not more of them than this.</summary>
    public long RetentionBytes { get; set; } = 10L * 1024 * 1024 * 1024;

    /// <summary>Most that the folder may hold in all, unshipped segments included; 0 = as much as the disk has. At the limit the journal is full.</summary>
    public long MaximumBytes { get; set; }
}

internal sealed class JournalOptionsValidator : IValidateOptions<JournalOptions>
{
    public ValidateOptionsResult Validate(string? name, JournalOptions options)
    {
        List<string> errors = [];
        if (options.SegmentBytes < JournalOptions.MinimumSegmentBytes || options.SegmentBytes > 1024 * 1024 * 1024 || options.SegmentBytes % 4096 != 0)
            errors.Add($"Journal:SegmentBytes must be a multiple of 4096 between {JournalOptions.MinimumSegmentBytes} and 1073741824.");
        if (options.FsyncIntervalMilliseconds is < 1 or > 60_000)
            errors.Add("Journal:FsyncIntervalMilliseconds must be between 1 and 60000.");
        if (options.RetentionHours is < 0 or > 24 * 366)
            errors.Add("Journal:RetentionHours must be between 0 and 8784.");
        if (options.RetentionBytes < 0)
            errors.Add("Journal:RetentionBytes must not be negative.");
        if (options.MaximumBytes < 0 || (options.MaximumBytes > 0 && options.MaximumBytes < 2L * options.SegmentBytes))
            errors.Add("Journal:MaximumBytes must be 0 or at least twice Journal:SegmentBytes.");
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }
}
