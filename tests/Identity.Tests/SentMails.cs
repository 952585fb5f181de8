using System.Collections.Concurrent;
using Tollgate.Foundation;
using Tollgate.TestKit;

namespace Tollgate.Identity.Tests;

/// <summary>The mails that Identity gave away, newest last; decoys too, which reach nobody.</summary>
internal sealed class SentMails : IAccountMailer
{
    private readonly ConcurrentQueue<AccountMail> _mails = new();

    public Task SendAsync(DbSession session, AccountMail mail)
    {
        _mails.Enqueue(mail);
        HandedOut.Remember("code", mail.Code);
        HandedOut.Remember("link", mail.Path?.Split('#')[^1]);
        return Task.CompletedTask;
    }

    public IReadOnlyList<AccountMail> To(string address) => [.. _mails.Where(mail => mail.To == address)];

    /// <summary>The newest of a kind that reaches this address.</summary>
    public AccountMail Newest(AccountMailKind kind, string address) => _mails.Last(mail => mail.Kind == kind && mail.To == address && !mail.IsDecoy);

    public static string TokenOf(AccountMail mail) => mail.Path!.Split('#')[1];
}
