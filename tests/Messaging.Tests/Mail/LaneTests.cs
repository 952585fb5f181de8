using Microsoft.Extensions.DependencyInjection;
using Tollgate.Identity;
using Tollgate.Messaging.Mail;

namespace Tollgate.Messaging.Tests.Mail;

/// <summary>Codes and links that somebody waits for are held up neither by news nor by what goes to others.</summary>
public sealed class LaneTests
{
    [Fact]
    public async Task Code_BehindManyNewsInTheOutbox_IsTakenInTheFirstRound()
    {
        await using var office = await PostOffice.OpenAsync();
        for (var i = 0; i < 150; i++)
            await office.PostAsync(News($"news-{i}@example.com"));
        await office.PostAsync(PostOffice.SignIn("waits@example.com"));
        await office.DrainAsync();
        (await office.TextAsync("SELECT string_agg(kind, ',') FROM messaging.mail WHERE awaited")).ShouldBe("SignIn");
        (await office.TextAsync("SELECT count(*)::text FROM messaging.mail WHERE NOT awaited")).ShouldNotBe("150", "the test is of a round that leaves something");
    }

    [Fact]
    public async Task Code_WhileAServerHangsOnNews_IsSent()
    {
        using var sender = new SlowSender();
        await using var office = await PostOffice.OpenAsync(services => services.AddSingleton<IMailSender>(sender));
        for (var i = 0; i < 10; i++)
            await office.PostAsync(News($"news-{i}@example.com"));
        await office.DrainAsync();
        var delivery = office.Server.Services.GetRequiredService<MailDelivery>();
        await delivery.StartAsync(CancellationToken.None);
        await UntilAsync(() => sender.Hanging > 0, office);
        await office.PostAsync(PostOffice.SignIn("waits@example.com"));
        await office.DrainAsync();
        await UntilAsync(() => sender.Sent.Contains("waits@example.com"), office);
        sender.Hanging.ShouldBeGreaterThan(0);
        sender.End();
        await delivery.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Mails_OfAFloodToOneAddress_LeaveTheOthersTheirTurn()
    {
        await using var office = await PostOffice.OpenAsync();
        for (var i = 0; i < 40; i++)
            await office.PostAsync(PostOffice.SignIn("flooded@example.com"));
        var others = Enumerable.Range(0, 100).Select(i => $"other-{i}@example.com").DistinctBy(SealedMail.TurnOf).Where(address => SealedMail.TurnOf(address) != SealedMail.TurnOf("flooded@example.com")).Take(6).ToList();
        office.Clock.Advance(TimeSpan.FromSeconds(1));
        foreach (var address in others)
            await office.PostAsync(PostOffice.SignIn(address));
        await office.DrainAsync();
        var store = office.Server.Services.GetRequiredService<MailStore>();
        var writer = office.Server.Services.GetRequiredService<Tollgate.Foundation.ISecretBox>();
        var taken = new List<string>();
        for (var round = 0; round < 2; round++)
            foreach (var mail in await store.TakeAsync(awaited: true, 4, CancellationToken.None))
                taken.Add(System.Text.Json.JsonSerializer.Deserialize<AccountMail>(writer.Open(SealedMail.Purpose, mail.Sealed), Tollgate.Foundation.Json.Options)!.To);
        foreach (var address in others)
            taken.ShouldContain(address);
    }

    [Theory]
    [InlineData(AccountMailKind.SignIn, true)]
    [InlineData(AccountMailKind.ResetPassword, true)]
    [InlineData(AccountMailKind.VerifyEmail, true)]
    [InlineData(AccountMailKind.ConfirmNewEmail, true)]
    [InlineData(AccountMailKind.Invitation, false)]
    [InlineData(AccountMailKind.SecurityChanged, false)]
    [InlineData(AccountMailKind.PasswordChanged, false)]
    public void Kind_IsAwaitedOrNews(AccountMailKind kind, bool awaited) => (SealedMail.EventOf(kind) == SealedMail.AwaitedEvent).ShouldBe(awaited);

    private static AccountMail News(string to) => new(AccountMailKind.SecurityChanged, to, "Ada") { Values = new Dictionary<string, string>(StringComparer.Ordinal) { ["change"] = "Something changed." } };

    // The clock stands still: rounds of the delivery pass when the test says so.
    private static async Task UntilAsync(Func<bool> condition, PostOffice office)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!condition())
        {
            limit.IsCancellationRequested.ShouldBeFalse("it did not come to it in time");
            office.Clock.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Delay(10, CancellationToken.None);
        }
    }

    /// <summary>Takes letters with a code at once, and never comes to an end with others.</summary>
    private sealed class SlowSender : IMailSender, IDisposable
    {
        private readonly CancellationTokenSource _end = new();
        private readonly System.Collections.Concurrent.ConcurrentQueue<string> _sent = new();
        private int _hanging;

        public int Hanging => Volatile.Read(ref _hanging);

        public IReadOnlyCollection<string> Sent => _sent;

        public async Task SendAsync(Guid id, Letter letter, CancellationToken cancellation)
        {
            if (letter.To.StartsWith("news-", StringComparison.Ordinal))
            {
                Interlocked.Increment(ref _hanging);
                await Task.Delay(Timeout.Infinite, _end.Token);
            }
            _sent.Enqueue(letter.To);
        }

        public void End() => _end.Cancel();

        public void Dispose() => _end.Dispose();
    }
}
