using Tollgate.Foundation;

namespace Tollgate.Identity.Organizations;

/// <summary>
/// Becoming a member and the end of the account exclude each other: else an organization that is made, or joined, in the moment of a deletion would be left to nobody. By a
/// lock of its own, for a request may not lock the account; before any other one.
/// </summary>
internal static class Joining
{
    private const string Share = "SELECT pg_advisory_xact_lock_shared(hashtextextended('identity.member/' || @accountId::text, 0))";

    private const string Lock = "SELECT pg_advisory_xact_lock(hashtextextended('identity.member/' || @accountId::text, 0))";

    /// <summary>As app, by the account itself. False when it has ended; else it does not until this transaction has.</summary>
    public static async Task<bool> HoldAsync(DbSession session, Guid accountId)
    {
        await session.ExecuteAsync(Share, new { accountId }).ConfigureAwait(false);
        // A statement of its own: who had to wait sees what was done meanwhile.
        return await session.QuerySingleAsync<bool>("SELECT EXISTS (SELECT FROM identity.account WHERE id = @accountId AND deleted_at IS NULL)", new { accountId }).ConfigureAwait(false);
    }

    /// <summary>For a deletion: whoever joins has done so, or waits and finds that the account is gone.</summary>
    public static Task<int> StopAsync(DbSession session, Guid accountId) => session.ExecuteAsync(Lock, new { accountId });
}
