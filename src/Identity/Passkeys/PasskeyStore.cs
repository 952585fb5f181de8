using Microsoft.AspNetCore.Identity;
using Tollgate.Foundation;

namespace Tollgate.Identity.Passkeys;

internal sealed class PasskeyRow
{
    public Guid Id { get; init; }

    public Guid AccountId { get; init; }

    public byte[] CredentialId { get; init; } = [];

    public string Name { get; init; } = "";

    public byte[] PublicKey { get; init; } = [];

    public long SignCount { get; init; }

    public string[] Transports { get; init; } = [];

    public bool UserVerified { get; init; }

    public bool BackupEligible { get; init; }

    public bool BackedUp { get; init; }

    public byte[] AttestationObject { get; init; } = [];

    public byte[] ClientData { get; init; } = [];

    public DateTimeOffset CreatedAt { get; init; }

    public UserPasskeyInfo ToInfo() => new(CredentialId, PublicKey, CreatedAt, (uint)SignCount, Transports, UserVerified, BackupEligible, BackedUp, AttestationObject, ClientData) { Name = Name };
}

/// <summary>The passkeys of accounts: public keys, no secrets.</summary>
internal sealed class PasskeyStore(TimeProvider clock)
{
    private const string Columns = "id, account_id, credential_id, name, public_key, sign_count, transports, user_verified, backup_eligible, backed_up, attestation_object, client_data, created_at";

    public static Task<IReadOnlyList<PasskeyRow>> OfAccountAsync(DbSession session, Guid accountId) =>
        session.QueryAsync<PasskeyRow>($"SELECT {Columns} FROM identity.passkey WHERE account_id = @accountId ORDER BY created_at, id", new { accountId });

    public static Task<PasskeyRow?> FindAsync(DbSession session, byte[] credentialId) =>
        session.QuerySingleOrDefaultAsync<PasskeyRow>($"SELECT {Columns} FROM identity.passkey WHERE credential_id = @credentialId", new { credentialId });

    public async Task<Guid> AddAsync(DbSession session, Guid accountId, string name, UserPasskeyInfo passkey)
    {
        const string insert = $"""
            INSERT INTO identity.passkey ({Columns})
            VALUES (@id, @accountId, @CredentialId, @name, @PublicKey, @count, @transports, @IsUserVerified, @IsBackupEligible, @IsBackedUp, @AttestationObject, @ClientDataJson, @now)
            """;
        var id = TypeId.New(clock);
        await session.ExecuteAsync(insert, new
        {
            id,
            accountId,
            passkey.CredentialId,
            name,
            passkey.PublicKey,
            count = (long)passkey.SignCount,
            transports = passkey.Transports ?? [],
            passkey.IsUserVerified,
            passkey.IsBackupEligible,
            passkey.IsBackedUp,
            passkey.AttestationObject,
            passkey.ClientDataJson,
            now = clock.GetUtcNow(),
        }).ConfigureAwait(false);
        return id;
    }

    public Task<int> UsedAsync(DbSession session, UserPasskeyInfo passkey) => session.ExecuteAsync(
        "UPDATE identity.passkey SET sign_count = @count, backed_up = @IsBackedUp, user_verified = @IsUserVerified, last_used_at = @now WHERE credential_id = @CredentialId",
        new { count = (long)passkey.SignCount, passkey.IsBackedUp, passkey.IsUserVerified, passkey.CredentialId, now = clock.GetUtcNow() });

    public static Task<int> RemoveAllAsync(DbSession session, Guid accountId) => session.ExecuteAsync("DELETE FROM identity.passkey WHERE account_id = @accountId", new { accountId });

    public static Task<int> RemoveAsync(DbSession session, Guid accountId, Guid id) =>
        session.ExecuteAsync("DELETE FROM identity.passkey WHERE id = @id AND account_id = @accountId", new { id, accountId });
}
