using Microsoft.Extensions.Options;

namespace Tollgate.Metering;

/// <summary>Section "Metering".</summary>
internal sealed class MeteringOptions
{
    public const string Section = "Metering";
    public const int FewestMonths = 3;

    /// <summary>Whole months that the request log is kept, the running one not counted. Rollups are kept for good.</summary>
    public int RetentionMonths { get; set; } = 13;

    /// <summary>How long reconciling waits for every live node to ship what it has counted.</summary>
    public int SealWaitSeconds { get; set; } = 10;
}

internal sealed class MeteringOptionsValidator : IValidateOptions<MeteringOptions>
{
    public ValidateOptionsResult Validate(string? name, MeteringOptions options)
    {
        List<string> errors = [];
        if (options.RetentionMonths is < MeteringOptions.FewestMonths or > 1200)
            errors.Add($"Metering:RetentionMonths must be between {MeteringOptions.FewestMonths} and 1200.");
        if (options.SealWaitSeconds is < 0 or > 600)
            errors.Add("Metering:SealWaitSeconds must be between 0 and 600.");
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }
}
