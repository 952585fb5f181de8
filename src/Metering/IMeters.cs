using Tollgate.Foundation;

namespace Tollgate.Metering;

/// <summary>A meter that a provider has declared. An archived one may be in no new plan; what is reported for it still counts.</summary>
public sealed record DeclaredMeter(Guid OrganizationId, byte Code, string Name, bool Archived);

/// <summary>Meters that providers declare, for the modules that offer them. Runs in the caller's transaction, under its row-level security.</summary>
public interface IMeters
{
    /// <summary>Those of these names that the organization has declared, by name.</summary>
    Task<IReadOnlyDictionary<string, DeclaredMeter>> FindAsync(DbSession session, Guid organizationId, IReadOnlyCollection<string> names);
}
