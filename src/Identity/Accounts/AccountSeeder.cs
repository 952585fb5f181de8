using Tollgate.Foundation;
using Tollgate.Identity.Access;
using Tollgate.Identity.Organizations;
using Tollgate.Identity.Passwords;

namespace Tollgate.Identity.Accounts;

internal sealed class AccountSeeder(IDatabase database, AccountStore accounts, OrganizationStore organizations, PasswordHasher passwords, CallerStore callers, IAuditLog audit, TimeProvider clock) : IAccountSeeder
{
    public async Task<SeededAccount> EnsureAccountAsync(string email, string name, string password, bool isOperator, CancellationToken cancellation)
    {
        var errors = new Errors();
        EmailAddress.Check(errors, email);
        var hash = await passwords.HashAsync(password, cancellation).ConfigureAwait(false);
        return await database.AsWorkerAsync(async session =>
        {
            // No mail would reach it, so its password could never be reset. One that is there already, from before addresses were looked at, is found.
            if (!errors.Any)
            {
                var made = await accounts.CreateAsync(session, email, name, hash, isOperator, isVerified: true).ConfigureAwait(false);
                if (made.Succeeded)
                {
                    var account = made.Value.Account;
                    await audit.WriteAsync(session, AuditActor.System("seed"), new AuditChange("account.registered", TypeId.Format("acc", account.Id), After: new { account.Email, account.Name, account.Role })).ConfigureAwait(false);
                    return new SeededAccount(account.Id, made.Value.Organization, Created: true);
                }
            }
            const string sql = """
                SELECT a.id AS account_id, o.id, o.slug, o.name, o.time_zone FROM identity.account a
                JOIN identity.member m ON m.account_id = a.id JOIN identity.organization o ON o.id = m.organization_id AND o.personal WHERE a.email = @email
                """;
            var row = await session.QuerySingleOrDefaultAsync<ExistingRow>(sql, new { email = AccountStore.Normalize(email) }).ConfigureAwait(false)
                ?? throw new StartupException(errors.Any ? $"{email}: {errors.Items[0].Message}" : $"The account {email} could be neither made nor found.");
            return new SeededAccount(row.AccountId, new Organization(row.Id, row.Slug, row.Name, row.TimeZone), Created: false);
        }, cancellation).ConfigureAwait(false);
    }

    public Task<Organization> EnsureOrganizationAsync(Guid ownerAccountId, string slug, string name, CancellationToken cancellation) => database.AsWorkerAsync(async session =>
        await organizations.TryCreateAsync(session, TypeId.New(clock), ownerAccountId, slug, name, "UTC", personal: false).ConfigureAwait(false)
        ?? await organizations.FindBySlugAsync(session, slug).ConfigureAwait(false)
        ?? throw new InvalidOperationException($"The organization {slug} could be neither made nor found."), cancellation);

    public Task<Caller> ImpersonateAsync(Guid accountId, CancellationToken cancellation) => callers.ImpersonateAsync(accountId, cancellation);

    private sealed class ExistingRow
    {
        public Guid AccountId { get; init; }

        public Guid Id { get; init; }

        public string Slug { get; init; } = "";

        public string Name { get; init; } = "";

        public string TimeZone { get; init; } = "";
    }
}
