using Tollgate.Foundation;

namespace Tollgate.Identity;

/// <summary>
/// What keeps an account from being deleted. Modules that know of something which would be left without anybody join by implementing it; all of them are asked, and
/// told to the person at once.
/// </summary>
public interface IAccountDeletionCheck
{
    /// <summary>In the transaction that deletes, as worker. <paramref name="organizationIds"/> are those that would have no owner left; they are locked.</summary>
    Task<IReadOnlyList<FieldError>> FindAsync(DbSession session, Guid accountId, IReadOnlyList<Guid> organizationIds);
}
