using Tollgate.Foundation;
using Tollgate.Metering;

namespace Tollgate.Plans.Offers;

/// <summary>Finds the codes of the meters that a plan's provider has declared itself.</summary>
internal static class DeclaredMeters
{
    /// <summary>UNKNOWN_METER for what it has not declared, or has archived.</summary>
    public static async Task<Outcome<PlanDraft>> ResolveAsync(DbSession session, IMeters meters, Guid provider, PlanDraft draft)
    {
        var names = draft.Allowances.Select(allowance => allowance.Meter).Where(Meter.IsDeclared).ToHashSet(StringComparer.Ordinal);
        if (names.Count == 0)
            return draft;
        var found = await meters.FindAsync(session, provider, names).ConfigureAwait(false);
        var errors = new Errors();
        var allowances = draft.Allowances.Select((allowance, i) =>
        {
            if (!names.Contains(allowance.Meter))
                return allowance;
            var meter = found.GetValueOrDefault(allowance.Meter);
            errors.Check(meter is { Archived: false }, $"allowances[{i}].meter", "UNKNOWN_METER", meter is null ? "Your organization has no meter of this name." : "This meter is archived. Restore it first.");
            return allowance with { MeterCode = meter?.Code ?? 0 };
        }).ToList();
        return errors.Any ? errors.ToFailure() : draft with { Allowances = allowances };
    }
}
