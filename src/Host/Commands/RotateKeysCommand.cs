using System.CommandLine;
using Tollgate.Foundation;
using Tollgate.Host.Startup;
using Tollgate.Identity;
using Tollgate.Messaging;

namespace Tollgate.Host.Commands;

/// <summary>Another key for the secrets at rest, while the program runs.</summary>
internal static class RotateKeysCommand
{
    private const int Left = 2;

    public static Command Create()
    {
        var forget = new Option<bool>("--forget-old") { Description = "Seal what is left with the newest key, then leave only that one in the key file." };
        var command = new Command("rotate-keys",
            "Make a new key for the secrets at rest and seal all of them with it; the old key stays in the key file until --forget-old. With Secrets__Key set, it seals with that one what Secrets__OldKeys still open. Exits with 2 when secrets are left.") { forget };
        command.SetAction((parsed, cancellation) => Explained.RunAsync(1, async () =>
        {
            await using var app = TollgateHost.Build([]);
            await app.Services.GetRequiredService<IDatabaseStartup>().AttachAsync(cancellation);
            return await RunAsync(app.Services, parsed.GetValue(forget), cancellation);
        }));
        return command;
    }

    private static async Task<int> RunAsync(IServiceProvider services, bool forget, CancellationToken cancellation)
    {
        var rotation = services.GetRequiredService<ISecretRotation>();
        if (!forget)
            Console.WriteLine(rotation.AddKey() ? "A new key is the first in the key file." : "The key is Secrets__Key; nothing was made.");
        var sealedAnew = await rotation.ResealAsync(cancellation);
        foreach (var (column, count) in sealedAnew)
            Console.WriteLine($"{column}: {count} sealed anew");
        await services.GetRequiredService<IDatabase>().AsWorkerAsync(async session =>
        {
            await services.GetRequiredService<IAuditLog>().WriteAsync(session, AuditActor.System("tollgate rotate-keys"), new AuditChange("secrets.sealed_anew", "secrets", After: sealedAnew));
            return 0;
        }, cancellation);
        var left = await rotation.CountOldAsync(cancellation);
        if (left > 0)
        {
            Console.WriteLine($"{left} secrets are still sealed with an old key. Run this again.");
            return Left;
        }
        var waiting = 0;
        foreach (var mails in forget ? MessagingModule.SealedMails : [])
            waiting += await rotation.CountOldAsync(mails, cancellation);
        if (waiting > 0)
        {
            Console.WriteLine($"{waiting} mails that wait are sealed with an old key. Run this again when they are sent, three days after the new key was made at the latest.");
            return Left;
        }
        if (forget)
            rotation.ForgetOldKeys();
        Console.WriteLine(forget ? "Only the newest key is left." : "No secret in the database needs an old key. Mails that wait are sealed with the key of their time: run this with --forget-old in three days.");
        return 0;
    }
}
