using Tollgate.Foundation;

namespace Tollgate.Identity;

/// <summary>
/// What keeps an account from being deleted. Modules that know of something which would be left without anybody join by implementing it; all of them are asked, and
/// told to the person at once.
/// </summary>
public interface IAccountDeletionCheck
{
    /// <summary>Runs under the row-level security of the account. <paramref name="organizationIds"/> are those that would have no owner left.</summary>
    Task<IReadOnlyList<FieldError>> FindAsync(DbSession session, Guid accountId, IReadOnlyList<Guid> organizationIds);
}
