using Tollgate.Foundation;
using Tollgate.Identity.Accounts;
using Tollgate.Identity.Challenges;
using Tollgate.Identity.Sessions;

namespace Tollgate.Identity.SecondFactor;

/// <summary>The last factor of an account stays as long as one is asked of it: without one its member would be outside at once.</summary>
internal sealed class LastFactor(SecondFactorDemand demand, ChallengeStore challenges)
{
    // Locked, in the order of a deletion: whoever begins to ask for a factor has done so, or waits and finds what is left.
    private const string Organizations = """
        SELECT o.name, o.require_second_factor FROM identity.organization o
        WHERE EXISTS (SELECT FROM identity.member m WHERE m.organization_id = o.id AND m.account_id = @accountId) ORDER BY o.id FOR KEY SHARE
        """;

    /// <summary>
    /// Takes one factor away in the worker's transaction, or answers why not: then nothing of it is left. What it was shown for counts no more: neither in another session, nor
    /// at a sign-in that waits for it.
    /// </summary>
    /// <param name="session">Has locked nothing yet.</param>
    /// <param name="caller">Whose it is; this session keeps what it has shown.</param>
    /// <param name="remove">Answers whether there was one.</param>
    /// <param name="missing">What is answered where there was none.</param>
    public async Task<Outcome<bool>> RemoveAsync(DbSession session, Caller caller, Func<Task<bool>> remove, Failure missing)
    {
        var accountId = caller.AccountId;
        var organizations = await session.QueryAsync<(string Name, bool Asks)>(Organizations, new { accountId }).ConfigureAwait(false);
        if (await AccountStore.LockAsync(session, accountId).ConfigureAwait(false) is not { } account)
            return missing;
        var had = await HeldFactor.IsThereAsync(session, accountId).ConfigureAwait(false);
        if (!await remove().ConfigureAwait(false))
            return missing;
        await SessionStore.ForgetShownFactorAsync(session, accountId, caller.SessionId).ConfigureAwait(false);
        await challenges.VoidAsync(session, accountId).ConfigureAwait(false);
        if (!had || await HeldFactor.IsThereAsync(session, accountId).ConfigureAwait(false))
            return true;
        if (demand.OfEverybody || (demand.OfOperators && account.Role == "admin"))
            return Refused("This installation asks");
        return organizations.FirstOrDefault(organization => organization.Asks) is { Name: { } name } ? Refused($"{name} asks") : true;
    }

    private static Failure Refused(string who) =>
        Failure.Conflict("LAST_SECOND_FACTOR", $"{who} for a second factor, and this is your last one. Add another one first; another authenticator app takes the place of one by POST /auth/totp. Or leave the organization that asks.");
}
