using Tollgate.Foundation;

namespace Tollgate.Identity;

/// <summary>Modules in which a suspended organization does nothing any more join here; in the operator's transaction, as app, under the organization's row-level security.</summary>
public interface IOrganizationSuspensionStep
{
    /// <param name="session">Holds the organization's lock.</param>
    /// <param name="organizationId">Whose things they are.</param>
    /// <param name="suspended">False when it is as it was before.</param>
    Task SuspendedAsync(DbSession session, Guid organizationId, bool suspended);
}

/// <summary>An organization that those who run the installation have suspended sells and buys nothing until they lift it. Its members sign in and see why.</summary>
public static class SuspendedOrganization
{
    public static Failure Refusal { get; } = new(FailureKind.Forbidden, "ORGANIZATION_SUSPENDED",
        "This organization is suspended by those who run this installation. The organization's page says why.");
}
