using Tollgate.Foundation;
using Tollgate.Identity.Accounts;

namespace Tollgate.Identity.SecondFactor;

/// <summary>The last factor of an account stays as long as one is asked of it: without one its member would be outside at once.</summary>
internal sealed class LastFactor(SecondFactorDemand demand)
{
    private const string HasOne = """
        SELECT EXISTS (SELECT FROM identity.totp WHERE account_id = @accountId AND confirmed_at IS NOT NULL) OR EXISTS (SELECT FROM identity.passkey WHERE account_id = @accountId)
        """;

    // Locked, in the order of a deletion: whoever begins to ask for a factor has done so, or waits and finds what is left.
    private const string Organizations = """
        SELECT o.name, o.require_second_factor FROM identity.organization o
        WHERE EXISTS (SELECT FROM identity.member m WHERE m.organization_id = o.id AND m.account_id = @accountId) ORDER BY o.id FOR KEY SHARE
        """;

    /// <summary>Of one's own account as app, of any as worker.</summary>
    public static Task<bool> IsThereAsync(DbSession session, Guid accountId) => session.QuerySingleAsync<bool>(HasOne, new { accountId });

    /// <summary>Takes one factor away in the worker's transaction, or answers why not: then nothing of it is left.</summary>
    /// <param name="session">Has locked nothing yet.</param>
    /// <param name="accountId">Whose it is.</param>
    /// <param name="remove">Answers whether there was one.</param>
    /// <param name="missing">What is answered where there was none.</param>
    public async Task<Outcome<bool>> RemoveAsync(DbSession session, Guid accountId, Func<Task<bool>> remove, Failure missing)
    {
        var organizations = await session.QueryAsync<(string Name, bool Asks)>(Organizations, new { accountId }).ConfigureAwait(false);
        if (await AccountStore.LockAsync(session, accountId).ConfigureAwait(false) is not { } account)
            return missing;
        var had = await IsThereAsync(session, accountId).ConfigureAwait(false);
        if (!await remove().ConfigureAwait(false))
            return missing;
        if (!had || await IsThereAsync(session, accountId).ConfigureAwait(false))
            return true;
        if (demand.OfEverybody || (demand.OfOperators && account.Role == "admin"))
            return Refused("This installation asks");
        return organizations.FirstOrDefault(organization => organization.Asks) is { Name: { } name } ? Refused($"{name} asks") : true;
    }

    private static Failure Refused(string who) =>
        Failure.Conflict("LAST_SECOND_FACTOR", $"{who} for a second factor, and this is your last one. Add another one first, or leave the organization.");
}
