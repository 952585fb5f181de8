namespace Tollgate.Foundation;

/// <summary>
/// On whose behalf a transaction runs. It is set for each transaction (<c>tollgate.account</c>, <c>tollgate.organizations</c>, <c>tollgate.operator</c>) and
/// is all that the row-level policies know; <see cref="Nobody"/> sees public rows only.
/// </summary>
public sealed record TenantContext(Guid? AccountId, IReadOnlyList<Guid> OrganizationIds)
{
    public static TenantContext Nobody { get; } = new(null, []);

    /// <summary>An operator's look over all tenants: reads what the tables' policies named <c>operator</c> open. Who asks for it writes into the audit log.</summary>
    public bool IsOperator { get; init; }

    public static TenantContext ForOrganization(Guid organizationId) => new(null, [organizationId]);
}
