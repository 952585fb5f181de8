using Tollgate.Foundation;

namespace Tollgate.Metering;

/// <summary>A veto against dropping a month of the request log: a module whose figures still rest on it joins. Asked in the transaction that drops.</summary>
public interface IPartitionDropCheck
{
    /// <summary>Why the month (its first day, UTC) must stay, or null when this module no longer needs it.</summary>
    Task<string?> ReasonToKeepAsync(DbSession session, DateOnly month);
}
