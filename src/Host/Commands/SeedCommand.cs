using System.CommandLine;
using System.Security.Cryptography;
using Tollgate.Foundation;
using Tollgate.Host.Startup;
using Tollgate.Identity;

namespace Tollgate.Host.Commands;

/// <summary>The first operator and an organization, on an installation that nobody can sign in to yet. Again is no error and changes no password.</summary>
internal static class SeedCommand
{
    private const string PasswordVariable = "TOLLGATE_SEED_PASSWORD";

    public static Command Create()
    {
        var email = new Option<string>("--email") { Description = "The operator's address.", DefaultValueFactory = _ => "operator@localhost" };
        var name = new Option<string>("--name") { Description = "How the operator is called.", DefaultValueFactory = _ => "Operator" };
        var organization = new Option<string?>("--organization") { Description = "Slug of an organization that the operator owns; none without it." };
        var command = new Command("seed",
            $"Make the first operator, or make an account one. The password is {PasswordVariable}'s, or made and printed once. Again changes nothing. Exits with 1 when it cannot, with 2 when the account has not confirmed its address or is closed.") { email, name, organization };
        command.SetAction((parsed, cancellation) => Explained.RunAsync(1, async () =>
        {
            await using var app = TollgateHost.Build([]);
            await app.Services.GetRequiredService<IDatabaseStartup>().AttachAsync(cancellation);
            return await SeedAsync(app.Services, parsed.GetValue(email)!, parsed.GetValue(name)!, parsed.GetValue(organization), cancellation);
        }));
        return command;
    }

    private static async Task<int> SeedAsync(IServiceProvider services, string email, string name, string? slug, CancellationToken cancellation)
    {
        var given = Environment.GetEnvironmentVariable(PasswordVariable);
        var password = string.IsNullOrEmpty(given) ? RandomNumberGenerator.GetString("abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789", 24) : given;
        if (password.Length is < 8 or > 128)
            throw new StartupException($"{PasswordVariable} must have 8 to 128 characters.");
        var seeder = services.GetRequiredService<IAccountSeeder>();
        var account = await seeder.EnsureAccountAsync(email, name, password, isOperator: true, cancellation);
        var promoted = await services.GetRequiredService<IOperators>().EnsureAsync(account.AccountId, AuditActor.System("tollgate seed"), cancellation);
        // Anybody can register an address: who did must not become operator by it.
        if (promoted is OperatorAnswer.EmailUnproved or OperatorAnswer.Disabled)
        {
            await Console.Error.WriteLineAsync(promoted == OperatorAnswer.Disabled
                ? $"The account {email} is closed. Nothing was changed."
                : $"Somebody registered {email} and has not confirmed the address, so it may not be theirs. Nothing was changed. Sign in by a mail to it, which locks out whoever else registered it, then run this again.");
            return 2;
        }
        Console.WriteLine(account.Created ? $"Made the operator {email}." : promoted == OperatorAnswer.Promoted ? $"{email} is an operator now; its password is as it was." : $"{email} is an operator already; nothing was changed.");
        if (account.Created && string.IsNullOrEmpty(given))
            Console.WriteLine($"Password: {password}");
        if (!string.IsNullOrEmpty(slug))
            Console.WriteLine($"Organization: {(await seeder.EnsureOrganizationAsync(account.AccountId, slug, slug, cancellation)).Slug}");
        return 0;
    }
}
