using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Foundation;
using Tollgate.Identity;
using Tollgate.Messaging.Local;
using Tollgate.Messaging.Mail;
using Tollgate.Messaging.Resend;
using Tollgate.Messaging.Smtp;

namespace Tollgate.Messaging;

/// <summary>The door of the module: mail.</summary>
public static class MessagingModule
{
    public static SqlModule Sql { get; } = new("messaging", typeof(MessagingModule).Assembly);

    /// <summary>
    /// Where mails wait, sealed, in the order of their way: the outbox, then the queue. They are gone when they are sent, so they are not sealed anew; until then their key is needed.
    /// </summary>
    public static IReadOnlyList<SealedColumn> SealedMails { get; } =
        [new("foundation.event", "decode(payload ->> 'sealed', 'base64')", $"'{SealedMail.Purpose}'"), new("messaging.mail", "sealed", $"'{SealedMail.Purpose}'")];

    /// <summary>Settings: see README.md.</summary>
    public static IServiceCollection AddMessaging(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<MailOptions>().AddSingleton<MailWriter>().AddSingleton<MailStore>().AddSingleton<LocalMails>().AddSingleton<PruneMails>();
        services.AddSingleton<IAccountMailer, OutboxMailer>();
        // In this order: what somebody waits for first.
        services.AddOutboxHandler<AwaitedMailIntake>().AddOutboxHandler<NewsIntake>();
        services.AddSingleton<MailCounters>().AddSingleton<IMetricSource>(provider => provider.GetRequiredService<MailCounters>());
        services.AddSingleton<IMailSender>(SenderOf);
        return services;
    }

    /// <summary>For nodes with the worker role: mails are sent here.</summary>
    public static IServiceCollection AddMailDelivery(this IServiceCollection services) => services.AddSingleton<MailDelivery>().AddHostedService(provider => provider.GetRequiredService<MailDelivery>());

    public static IEndpointRouteBuilder MapMessaging(this IEndpointRouteBuilder routes)
    {
        ArgumentNullException.ThrowIfNull(routes);
        if (routes.ServiceProvider.GetRequiredService<MailOptions>().ShowsLocally)
            LocalMailPage.Map(routes);
        return routes;
    }

    private static IMailSender SenderOf(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<MailOptions>();
        if (options.SmtpUrl is not null)
            return ActivatorUtilities.CreateInstance<SmtpSender>(provider);
        if (options.ResendKey is not null)
            return ActivatorUtilities.CreateInstance<ResendSender>(provider);
        return options.ShowsLocally ? provider.GetRequiredService<LocalMails>() : new NoSender();
    }
}
