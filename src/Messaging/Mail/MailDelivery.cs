using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tollgate.Foundation;
using Tollgate.Identity;

namespace Tollgate.Messaging.Mail;

/// <summary>
/// Sends what waits, on the nodes that run the worker, in two lanes: what somebody waits for, and news. What fails is tried again, each time after a longer while, until it was sent, was refused for good, or is of
/// no use any more; then its text is erased. A mail that fails for good is in the log and in a metric.
/// </summary>
internal sealed class MailDelivery(
    MailStore mails, ISecretBox secrets, MailWriter writer, IMailSender sender, MailCounters counters, IDatabaseStartup startup, TimeProvider clock, ILogger<MailDelivery> logger)
    : BackgroundService
{
    private const int AwaitedAtOnce = 4;
    private const int NewsAtOnce = 2;
    private const int LongestReason = 300;

    private static readonly TimeSpan Round = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AttemptLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan[] Waits =
        [TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(20), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(3), TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(30), TimeSpan.FromHours(1)];

    /// <summary>Sends what is due in a lane; false when nothing was.</summary>
    internal async Task<bool> DeliverAsync(bool awaited, CancellationToken cancellation)
    {
        var waiting = await mails.TakeAsync(awaited, awaited ? AwaitedAtOnce : NewsAtOnce, cancellation).ConfigureAwait(false);
        await Task.WhenAll(waiting.Select(mail => DeliverAsync(mail, cancellation))).ConfigureAwait(false);
        return waiting.Count > 0;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await startup.EnsureReadyAsync(stoppingToken).ConfigureAwait(false);
        // Each by itself: news that a server takes its time for hold up no code.
        await Task.WhenAll(RunAsync(awaited: true, stoppingToken), RunAsync(awaited: false, stoppingToken)).ConfigureAwait(false);
    }

    private async Task RunAsync(bool awaited, CancellationToken stoppingToken)
    {
        try
        {
            while (!stoppingToken.IsCancellationRequested)
                if (!await DeliverSafelyAsync(awaited, stoppingToken).ConfigureAwait(false))
                    await Task.Delay(Round, clock, stoppingToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The program ends.
        }
    }

    private async Task<bool> DeliverSafelyAsync(bool awaited, CancellationToken cancellation)
    {
        try
        {
            return await DeliverAsync(awaited, cancellation).ConfigureAwait(false);
        }
        catch (Exception failed) when (!cancellation.IsCancellationRequested)
        {
            logger.LogError(failed, "The queue of mails could not be read; the next round tries again");
            return false;
        }
    }

    private async Task DeliverAsync(WaitingMail mail, CancellationToken cancellation)
    {
        if (clock.GetUtcNow() >= mail.ExpiresAt)
        {
            await GiveUpAsync(mail, "It could not be sent while it was of use.", cancellation).ConfigureAwait(false);
            return;
        }
        try
        {
            await SendAsync(mail, cancellation).ConfigureAwait(false);
            await mails.SentAsync(mail.Id, cancellation).ConfigureAwait(false);
            counters.Sent();
        }
        catch (MailRefusedException refused)
        {
            await GiveUpAsync(mail, refused.Message, cancellation).ConfigureAwait(false);
        }
        catch (Exception failed) when (!cancellation.IsCancellationRequested)
        {
            var again = clock.GetUtcNow() + Waits[Math.Min(mail.Attempts, Waits.Length) - 1];
            logger.LogWarning("The mail {Mail} ({Kind}) was not sent at attempt {Attempt}: {Reason}; it is tried again", mail.Id, mail.Kind, mail.Attempts, failed.Message);
            counters.Deferred();
            await mails.AgainAsync(mail.Id, Short(failed.Message), again, cancellation).ConfigureAwait(false);
        }
    }

    private async Task SendAsync(WaitingMail mail, CancellationToken cancellation)
    {
        var plain = secrets.Open(SealedMail.Purpose, mail.Sealed);
        var letter = writer.Write(JsonSerializer.Deserialize<AccountMail>(plain, Json.Options)!);
        using var limit = new CancellationTokenSource(AttemptLimit, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            await sender.SendAsync(mail.Id, letter, both.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException late) when (limit.IsCancellationRequested)
        {
            throw new TimeoutException($"The mail server did not take it within {AttemptLimit.TotalSeconds} s.", late);
        }
    }

    private async Task GiveUpAsync(WaitingMail mail, string reason, CancellationToken cancellation)
    {
        logger.LogError("The mail {Mail} ({Kind}) is not sent: {Reason}", mail.Id, mail.Kind, reason);
        counters.Failed();
        await mails.FailedAsync(mail.Id, Short(reason), cancellation).ConfigureAwait(false);
    }

    private static string Short(string reason) => reason.Length <= LongestReason ? reason : reason[..LongestReason];
}
