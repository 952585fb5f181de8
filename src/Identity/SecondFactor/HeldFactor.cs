using Tollgate.Foundation;

namespace Tollgate.Identity.SecondFactor;

/// <summary>What it is to have a second factor, for every statement that asks: an authenticator app that has shown a code, or a passkey.</summary>
internal static class HeldFactor
{
    /// <summary>Of the account in the row <c>a</c>. As app, of one's own account alone, and of all for an operator.</summary>
    public const string OfAccount = """
        (EXISTS (SELECT FROM identity.totp f WHERE f.account_id = a.id AND f.confirmed_at IS NOT NULL) OR EXISTS (SELECT FROM identity.passkey p WHERE p.account_id = a.id))
        """;

    /// <summary>Of one's own account as app, of any as worker.</summary>
    public static Task<bool> IsThereAsync(DbSession session, Guid accountId) =>
        session.QuerySingleAsync<bool>($"SELECT EXISTS (SELECT FROM identity.account a WHERE a.id = @accountId AND {OfAccount})", new { accountId });

    /// <summary>Those of these accounts that have one, as worker.</summary>
    public static async Task<IReadOnlySet<Guid>> AmongAsync(DbSession session, Guid[] accountIds) =>
        (await session.QueryAsync<Guid>($"SELECT a.id FROM identity.account a WHERE a.id = ANY (@accountIds) AND {OfAccount}", new { accountIds }).ConfigureAwait(false)).ToHashSet();
}
