using Tollgate.Foundation;
using Tollgate.Identity;
using Microsoft.Extensions.DependencyInjection;

namespace Tollgate.Messaging.Tests.Mail;

public sealed class DeliveryTests
{
    [Fact]
    public async Task Secrets_AreReadableNowhereInTheDatabase()
    {
        await using var office = await PostOffice.OpenAsync();
        await office.PostAsync(PostOffice.SignIn());
        (await office.TextAsync(Dump)).ShouldNotBeEmpty();
        foreach (var step in new Func<Task>[] { () => Task.CompletedTask, office.DrainAsync, office.DeliverAsync })
        {
            await step();
            var dump = await office.TextAsync(Dump);
            foreach (var secret in new[] { "1234 5678", "secret-of-the-link", "ada@example.com" })
                dump.ShouldNotContain(secret);
        }
    }

    [Fact]
    public async Task Outbox_OnceTheMailIsTaken_HoldsNothingOfIt()
    {
        await using var office = await PostOffice.OpenAsync();
        await office.PostAsync(PostOffice.SignIn());
        await office.DrainAsync();
        (await office.TextAsync("SELECT string_agg(payload::text, ' ') FROM foundation.event")).ShouldBe("{}");
    }

    [Fact]
    public async Task Change_ThatIsNotCommitted_SendsNothing()
    {
        await using var office = await PostOffice.OpenAsync();
        await office.Database.Database.AsWorkerAsync<Outcome<bool>>(async session =>
        {
            await office.Server.Services.GetRequiredService<IAccountMailer>().SendAsync(session, PostOffice.SignIn());
            return Failure.NotFound("thing");
        }, CancellationToken.None);
        await office.DrainAsync();
        (await office.StateAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task NoSender_MailWaitsUntilItIsOfNoUse_AndIsErased()
    {
        await using var office = await PostOffice.OpenAsync();
        await office.SendAsync(PostOffice.SignIn(expires: office.Clock.UtcNow + TimeSpan.FromMinutes(10)));
        (await office.StateAsync()).ShouldStartWith("waiting 1 kept No mail server is configured");
        office.Clock.Advance(TimeSpan.FromMinutes(10));
        await office.DeliverAsync();
        (await office.StateAsync()).ShouldBe("failed 2 erased It could not be sent while it was of use.");
    }

    [Fact]
    public async Task Node_ThatDiedWithAMailInHand_LeavesItToAnother()
    {
        await using var office = await PostOffice.OpenAsync(("Control:Url", "http://127.0.0.1:1"), ("Mail:ShowLocally", "true"));
        await office.PostAsync(PostOffice.SignIn());
        await office.DrainAsync();
        (await office.Server.Services.GetRequiredService<Tollgate.Messaging.Mail.MailStore>().TakeAsync(awaited: true, 1, CancellationToken.None)).Count.ShouldBe(1);
        await office.DeliverAsync();
        (await office.StateAsync()).ShouldStartWith("waiting 1 kept");
        office.Clock.Advance(TimeSpan.FromMinutes(2));
        await office.DeliverAsync();
        (await office.StateAsync()).ShouldBe("sent 2 erased");
    }

    /// <summary>Nodes are updated one after the other: a newer one has put a mail into the queue that this one has no text for.</summary>
    [Fact]
    public async Task KindOfANewerVersion_IsLeftToANodeThatKnowsIt_AndHoldsUpNothing()
    {
        await using var office = await PostOffice.OpenAsync(("Control:Url", "http://127.0.0.1:1"), ("Mail:ShowLocally", "true"));
        await office.PostAsync(new AccountMail(AccountMailKind.PasswordChanged, "ada@example.com", "Ada"));
        office.Clock.Advance(TimeSpan.FromSeconds(1));
        await office.PostAsync(new AccountMail(AccountMailKind.PasswordChanged, "bob@example.com", "Bob"));
        await office.DrainAsync();
        office.Clock.Advance(TimeSpan.FromSeconds(1));
        (await office.TextAsync("WITH newer AS (UPDATE messaging.mail SET kind = 'SomethingNewer' RETURNING 1) SELECT count(*)::text FROM newer")).ShouldBe("2");
        await office.SendAsync(new AccountMail(AccountMailKind.PasswordChanged, "eve@example.com", "Eve"));
        (await office.StateAsync()).ShouldBe("waiting 0 kept; waiting 0 kept; sent 1 erased");
        // A node of that version has its turn.
        await office.TextAsync("UPDATE messaging.mail SET kind = 'PasswordChanged' WHERE id = (SELECT min(id::text)::uuid FROM messaging.mail)");
        await office.DeliverAsync();
        (await office.StateAsync()).ShouldBe("sent 1 erased; waiting 0 kept; sent 1 erased");
        // There is none any more: what nobody can send is erased all the same.
        office.Clock.Advance(TimeSpan.FromDays(1));
        await office.DeliverAsync();
        (await office.StateAsync()).ShouldBe("sent 1 erased; failed 1 erased It could not be sent while it was of use.; sent 1 erased");
    }

    /// <summary>The mail server was away while an organization was suspended and that was lifted: nobody reads last that it is suspended.</summary>
    [Fact]
    public async Task NewerNews_TakeThePlaceOfThoseThatWereNotSent()
    {
        await using var office = await PostOffice.OpenAsync();
        await office.SendAsync(Suspended("a", AccountMailKind.OrganizationSuspended));
        await office.SendAsync(Suspended("b", AccountMailKind.OrganizationSuspended));
        (await office.StateAsync()).ShouldContain("waiting 1 kept", Case.Sensitive);
        office.Clock.Advance(TimeSpan.FromSeconds(1));
        await office.PostAsync(Suspended("a", AccountMailKind.OrganizationUnsuspended));
        await office.DrainAsync();
        (await StatesAsync(office)).ShouldBe("OrganizationSuspended given up, OrganizationSuspended waiting, OrganizationUnsuspended waiting");
        office.Clock.Advance(TimeSpan.FromMinutes(2));
        await office.DeliverAsync();
        (await StatesAsync(office)).ShouldBe("OrganizationSuspended given up, OrganizationSuspended waiting, OrganizationUnsuspended waiting");
        (await office.TextAsync("SELECT attempts::text FROM messaging.mail WHERE kind = 'OrganizationUnsuspended'")).ShouldBe("1");
    }

    [Fact]
    public async Task NewerNews_WaitWhileAnOlderOneIsInHand()
    {
        await using var office = await PostOffice.OpenAsync(("Control:Url", "http://127.0.0.1:1"), ("Mail:ShowLocally", "true"));
        await office.PostAsync(Suspended("a", AccountMailKind.OrganizationSuspended));
        await office.DrainAsync();
        var store = office.Server.Services.GetRequiredService<Tollgate.Messaging.Mail.MailStore>();
        var inHand = (await store.TakeAsync(awaited: false, 1, CancellationToken.None)).ShouldHaveSingleItem();
        await office.PostAsync(Suspended("a", AccountMailKind.OrganizationUnsuspended));
        await office.DrainAsync();
        await office.DeliverAsync();
        (await StatesAsync(office)).ShouldContain("OrganizationUnsuspended waiting");
        await store.SentAsync(inHand.Id, CancellationToken.None);
        office.Clock.Advance(TimeSpan.FromMinutes(2));
        await office.DeliverAsync();
        (await StatesAsync(office)).ShouldContain("OrganizationUnsuspended sent");
    }

    /// <summary>What failed once comes again, after what happened since.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task OlderNews_ThatComeLate_AreNotTold(bool newerIsSent)
    {
        await using var office = await PostOffice.OpenAsync(("Control:Url", "http://127.0.0.1:1"), ("Mail:ShowLocally", "true"));
        var suspended = office.Clock.UtcNow;
        office.Clock.Advance(TimeSpan.FromSeconds(1));
        await office.PostAsync(Suspended("a", AccountMailKind.OrganizationUnsuspended) with { HappenedAt = office.Clock.UtcNow });
        await office.DrainAsync();
        if (newerIsSent)
            await office.DeliverAsync();
        office.Clock.Advance(TimeSpan.FromSeconds(1));
        await office.SendAsync(Suspended("a", AccountMailKind.OrganizationSuspended) with { HappenedAt = suspended });
        (await StatesAsync(office)).ShouldBe("OrganizationUnsuspended sent");
    }

    /// <summary>There were too many already: what is over is not the last word all the same, nor when it comes late.</summary>
    [Fact]
    public async Task NewerNews_ThatAreNotSaid_TakeThePlaceOfThoseThatWereNotSent()
    {
        await using var office = await PostOffice.OpenAsync(("Control:Url", "http://127.0.0.1:1"), ("Mail:ShowLocally", "true"));
        var suspended = office.Clock.UtcNow;
        await office.PostAsync(Suspended("a", AccountMailKind.OrganizationSuspended));
        await office.DrainAsync();
        office.Clock.Advance(TimeSpan.FromSeconds(1));
        await office.PostAsync(Suspended("a", AccountMailKind.OrganizationUnsuspended) with { IsDecoy = true });
        await office.DrainAsync();
        await office.SendAsync(Suspended("a", AccountMailKind.OrganizationSuspended) with { HappenedAt = suspended });
        (await StatesAsync(office)).ShouldBe("Decoy given up, OrganizationSuspended given up");
        (await office.TextAsync("SELECT count(sealed)::text FROM messaging.mail")).ShouldBe("0");
    }

    [Fact]
    public async Task News_OfOneTopicAtOnce_AreTakenOneAfterTheOther()
    {
        await using var office = await PostOffice.OpenAsync();
        var store = office.Server.Services.GetRequiredService<Tollgate.Messaging.Mail.MailStore>();
        var now = office.Clock.UtcNow;
        Task<int> Add(DbSession session, string kind, int second) => AddAsync(store, session, new Tollgate.Messaging.Mail.SealedMail(kind, [1], now.AddDays(1), 0, "a"), now.AddSeconds(second));
        Task<int>? newer = null;
        await office.Database.Database.AsWorkerAsync(async session =>
        {
            await Add(session, "OrganizationSuspended", 0);
            newer = office.Database.Database.AsWorkerAsync(other => Add(other, "OrganizationUnsuspended", 1), CancellationToken.None);
            while (!newer.IsCompleted && await office.TextAsync("SELECT count(*)::text FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())") == "0")
                await Task.Yield();
            return 0;
        }, CancellationToken.None);
        await newer!;
        (await StatesAsync(office)).ShouldBe("OrganizationSuspended given up, OrganizationUnsuspended waiting");
    }

    private static async Task<int> AddAsync(Tollgate.Messaging.Mail.MailStore store, DbSession session, Tollgate.Messaging.Mail.SealedMail mail, DateTimeOffset at)
    {
        await store.AddAsync(session, Guid.CreateVersion7(at), mail, awaited: false, at);
        return 0;
    }

    private static AccountMail Suspended(string topic, AccountMailKind kind) => new(kind, "ada@example.com", "Ada") { Topic = topic };

    private static Task<string> StatesAsync(PostOffice office) => office.TextAsync(
        "SELECT string_agg(kind || CASE WHEN sent_at IS NOT NULL THEN ' sent' WHEN failed_at IS NOT NULL THEN ' given up' ELSE ' waiting' END, ', ' ORDER BY kind, topic) FROM messaging.mail");

    [Theory]
    [InlineData(AccountMailKind.Invitation)]
    [InlineData(AccountMailKind.VerifyEmail)]
    public async Task Names_AreTextAndNothingElse(AccountMailKind kind)
    {
        await using var office = await PostOffice.OpenAsync(("Control:Url", "http://127.0.0.1:1"), ("Mail:ShowLocally", "true"));
        const string evil = "<b>x</b>\r\nBcc: a@b https://evil.example";
        await office.SendAsync(new AccountMail(kind, "ada@example.com", evil)
        {
            Path = "/invitations#x",
            Values = new Dictionary<string, string>(StringComparer.Ordinal) { ["organization"] = evil, ["inviter"] = evil, ["role"] = "viewer" },
        });
        var letter = office.Server.Services.GetRequiredService<Tollgate.Messaging.Local.LocalMails>().To(null).ShouldHaveSingleItem().Letter;
        letter.Subject.ShouldNotContain("\n");
        letter.Html.ShouldNotContain("<b>");
        letter.Text.ShouldNotContain("https://evil.example");
        letter.Text.ShouldNotContain("\nBcc");
    }

    [Fact]
    public async Task EveryKind_HasItsText()
    {
        await using var office = await PostOffice.OpenAsync(("Control:Url", "http://127.0.0.1:1"), ("Mail:ShowLocally", "true"));
        foreach (var kind in Enum.GetValues<AccountMailKind>())
            await office.PostAsync(new AccountMail(kind, $"{kind}@example.com", "Ada"));
        await office.DrainAsync();
        await office.DeliverAsync();
        office.Server.Services.GetRequiredService<Tollgate.Messaging.Local.LocalMails>().To(null).Count.ShouldBe(Enum.GetValues<AccountMailKind>().Length);
    }

    private const string Dump = "SELECT string_agg(t, ' ') FROM (SELECT e::text || ' ' || encode(decode(coalesce(payload ->> 'sealed', ''), 'base64'), 'escape') AS t FROM foundation.event e UNION ALL SELECT m::text || encode(coalesce(sealed, ''), 'escape') FROM messaging.mail m) x";
}
