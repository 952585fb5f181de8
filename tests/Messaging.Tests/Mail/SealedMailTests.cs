using Microsoft.Extensions.DependencyInjection;
using Tollgate.Foundation;

namespace Tollgate.Messaging.Tests.Mail;

public sealed class SealedMailTests
{
    /// <summary>`tollgate rotate-keys --forget-old` asks this before it takes a key away.</summary>
    [Fact]
    public async Task Mail_WaitingWithAnOldKey_IsFoundWhereverItWaits()
    {
        await using var office = await PostOffice.OpenAsync(("Control:Url", "http://127.0.0.1:1"), ("Mail:ShowLocally", "true"));
        await office.PostAsync(PostOffice.SignIn());
        (await CountAsync(office)).ShouldBe(0);
        office.Server.Services.GetRequiredService<ISecretRotation>().AddKey().ShouldBeTrue();
        (await CountAsync(office)).ShouldBe(1, "in the outbox");
        await office.DrainAsync();
        (await CountAsync(office)).ShouldBe(1, "in the queue");
        await office.DeliverAsync();
        (await CountAsync(office)).ShouldBe(0, "sent, and erased");
    }

    private static async Task<int> CountAsync(PostOffice office)
    {
        var rotation = office.Server.Services.GetRequiredService<ISecretRotation>();
        var count = 0;
        foreach (var column in MessagingModule.SealedMails)
            count += await rotation.CountOldAsync(column, CancellationToken.None);
        return count;
    }
}
