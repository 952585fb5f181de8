using Tollgate.Foundation;
using Tollgate.Identity.Attempts;

namespace Tollgate.Identity.Accounts;

/// <summary>Tells the account by mail, and the audit log, what changed about its ways to sign in.</summary>
internal sealed class SecurityNews(MailLimits mails, IAccountMailer mailer, IAuditLog audit)
{
    public async Task TellAsync(DbSession session, Guid accountId, AuditActor actor, string action, string sentence, object? detail = null)
    {
        var account = await AccountStore.GetAsync(session, accountId).ConfigureAwait(false);
        var values = new Dictionary<string, string>(StringComparer.Ordinal) { ["change"] = sentence };
        var few = await mails.TakeNewsAsync(session, account.Email).ConfigureAwait(false);
        await mailer.SendAsync(session, new AccountMail(AccountMailKind.SecurityChanged, account.Email, account.NameInMails) { Values = values, IsDecoy = !few }).ConfigureAwait(false);
        await audit.WriteAsync(session, actor, new AuditChange(action, TypeId.Format("acc", accountId), After: detail)).ConfigureAwait(false);
    }
}
