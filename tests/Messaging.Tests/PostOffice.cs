using Microsoft.Extensions.DependencyInjection;
using Tollgate.Foundation;
using Tollgate.Identity;
using Tollgate.Messaging.Mail;
using Tollgate.TestKit;

namespace Tollgate.Messaging.Tests;

/// <summary>The module on a database of its own, with the settings of a test. Nothing is sent by itself.</summary>
internal sealed class PostOffice : IAsyncDisposable
{
    private PostOffice(TestDatabase database, TestServer server, ManualClock clock) => (Database, Server, Clock) = (database, server, clock);

    public TestDatabase Database { get; }

    public TestServer Server { get; }

    public ManualClock Clock { get; }

    public static Task<PostOffice> OpenAsync(params (string Name, string? Value)[] settings) => OpenAsync(static _ => { }, settings);

    public static async Task<PostOffice> OpenAsync(Action<IServiceCollection> add, params (string Name, string? Value)[] settings)
    {
        var clock = new ManualClock();
        var database = await TestDatabase.CreateAsync(IdentityModule.Sql, MessagingModule.Sql);
        var all = settings.ToDictionary(setting => setting.Name, setting => setting.Value, StringComparer.Ordinal);
        all.TryAdd("Portal:PublicUrl", "https://portal.example.com");
        var server = await TestServer.StartAsync(database, (services, configuration) =>
        {
            services.AddIdentity(configuration).AddMessaging(configuration);
            services.AddSingleton<MailDelivery>();
            add(services);
        }, app => app.MapMessaging(), clock, all);
        return new PostOffice(database, server, clock);
    }

    public static AccountMail SignIn(string to = "ada@example.com", string name = "Ada", DateTimeOffset? expires = null) =>
        new(AccountMailKind.SignIn, to, name) { Code = "1234 5678", Path = "/sign-in/link#secret-of-the-link", ExpiresAt = expires };

    public Task PostAsync(AccountMail mail) => Database.Database.AsAppAsync(TenantContext.Nobody, async session =>
    {
        await Server.Services.GetRequiredService<IAccountMailer>().SendAsync(session, mail);
        return true;
    }, CancellationToken.None);

    public Task DrainAsync() => TestOutbox.DrainAsync(Server.Services);

    public async Task DeliverAsync()
    {
        var delivery = Server.Services.GetRequiredService<MailDelivery>();
        while (await delivery.DeliverAsync(awaited: true, CancellationToken.None) | await delivery.DeliverAsync(awaited: false, CancellationToken.None))
        {
            // Until nothing is due.
        }
    }

    public async Task SendAsync(AccountMail mail)
    {
        await PostAsync(mail);
        await DrainAsync();
        await DeliverAsync();
    }

    public async Task<string> TextAsync(string sql)
    {
        await using var command = Database.OwnerOrSuperuser.CreateCommand(sql);
        return await command.ExecuteScalarAsync() as string ?? "";
    }

    /// <summary>What has become of the mails: `sent`, `failed` or `waiting`, the attempts, whether the text is there, and why.</summary>
    public Task<string> StateAsync() => TextAsync("""
        SELECT string_agg(CASE WHEN sent_at IS NOT NULL THEN 'sent' WHEN failed_at IS NOT NULL THEN 'failed' ELSE 'waiting' END
          || ' ' || attempts || CASE WHEN sealed IS NULL THEN ' erased' ELSE ' kept' END || coalesce(' ' || failure, ''), '; ' ORDER BY created_at) FROM messaging.mail
        """);

    public async Task<double> MetricAsync(string outcome)
    {
        var page = new MetricPage();
        Server.Services.GetRequiredService<MailCounters>().WriteTo(page);
        return Exposition.Parse(page.ToString()).Value("tollgate_mails_total", ("outcome", outcome));
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await Database.DisposeAsync();
    }
}
