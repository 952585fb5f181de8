using Microsoft.AspNetCore.Identity;
using Tollgate.Foundation;
using Tollgate.Identity.Accounts;

namespace Tollgate.Identity.Passkeys;

/// <summary>
/// What the framework's UserManager sees of accounts: who they are, and their passkeys. It reads; what is written is written in our own transactions, together with
/// the session, the audit entry and the mail (docs/decisions/0026-usermanager.md).
/// </summary>
internal sealed class AccountUserStore(IDatabase database) : IUserPasskeyStore<AccountRow>
{
    public Task<AccountRow?> FindByIdAsync(string userId, CancellationToken cancellationToken) => Guid.TryParseExact(userId, "N", out var id)
        ? database.AsWorkerAsync(session => AccountStore.FindAsync(session, id), cancellationToken)
        : Task.FromResult<AccountRow?>(null);

    public Task<AccountRow?> FindByNameAsync(string normalizedUserName, CancellationToken cancellationToken) =>
        database.AsWorkerAsync(session => AccountStore.FindByEmailAsync(session, normalizedUserName), cancellationToken);

    public Task<string> GetUserIdAsync(AccountRow user, CancellationToken cancellationToken) => Task.FromResult(user.Id.ToString("N"));

    public Task<string?> GetUserNameAsync(AccountRow user, CancellationToken cancellationToken) => Task.FromResult<string?>(user.Email);

    public Task<string?> GetNormalizedUserNameAsync(AccountRow user, CancellationToken cancellationToken) => Task.FromResult<string?>(user.Email);

    public async Task<IList<UserPasskeyInfo>> GetPasskeysAsync(AccountRow user, CancellationToken cancellationToken)
    {
        var rows = await database.AsWorkerAsync(session => PasskeyStore.OfAccountAsync(session, user.Id), cancellationToken).ConfigureAwait(false);
        return [.. rows.Select(row => row.ToInfo())];
    }

    public Task<AccountRow?> FindByPasskeyIdAsync(byte[] credentialId, CancellationToken cancellationToken) => database.AsWorkerAsync(async session =>
        await PasskeyStore.FindAsync(session, credentialId).ConfigureAwait(false) is { } row ? await AccountStore.FindAsync(session, row.AccountId).ConfigureAwait(false) : null, cancellationToken);

    public async Task<UserPasskeyInfo?> FindPasskeyAsync(AccountRow user, byte[] credentialId, CancellationToken cancellationToken)
    {
        var row = await database.AsWorkerAsync(session => PasskeyStore.FindAsync(session, credentialId), cancellationToken).ConfigureAwait(false);
        return row?.AccountId == user.Id ? row.ToInfo() : null;
    }

    public Task AddOrUpdatePasskeyAsync(AccountRow user, UserPasskeyInfo passkey, CancellationToken cancellationToken) => throw Written();

    public Task RemovePasskeyAsync(AccountRow user, byte[] credentialId, CancellationToken cancellationToken) => throw Written();

    public Task SetUserNameAsync(AccountRow user, string? userName, CancellationToken cancellationToken) => throw Written();

    public Task SetNormalizedUserNameAsync(AccountRow user, string? normalizedName, CancellationToken cancellationToken) => throw Written();

    public Task<IdentityResult> CreateAsync(AccountRow user, CancellationToken cancellationToken) => throw Written();

    public Task<IdentityResult> UpdateAsync(AccountRow user, CancellationToken cancellationToken) => throw Written();

    public Task<IdentityResult> DeleteAsync(AccountRow user, CancellationToken cancellationToken) => throw Written();

    public void Dispose()
    {
        // Holds nothing.
    }

    private static NotSupportedException Written() => new("Accounts are written by the stores of this module, in the caller's transaction.");
}
