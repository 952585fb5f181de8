using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tollgate.Foundation;
using Tollgate.Identity.Accounts;
using Tollgate.Identity.Attempts;
using Tollgate.Identity.Passkeys;
using Tollgate.Identity.Passwords;
using Tollgate.Identity.SecondFactor;
using Tollgate.Identity.Sessions;

namespace Tollgate.Identity.StepUp;

/// <summary>Shows once more who is there, so that dangerous acts are open for ten minutes: by password, authenticator app, recovery code or passkey.</summary>
internal sealed class StepUps(
    IDatabase database, PasswordHasher hasher, AttemptLimits attempts, SecondFactors factors, PasskeySignIns passkeys, SessionStore sessions, IAuditLog audit, TimeProvider clock)
{
    private const string Password = "password";

    private static readonly Failure WrongPassword = Failure.Invalid("password", "PASSWORD_WRONG", "This is not your password.");

    public async Task<Outcome<DateTimeOffset>> ByPasswordAsync(Caller caller, string password, SignInSource source, CancellationToken cancellation)
    {
        var counted = await attempts.CountAsync(AttemptLimits.PasswordOf(caller.Email), caller.AccountId, source.Origin, cancellation).ConfigureAwait(false);
        if (counted.Failure is { } tooMany)
            return tooMany;
        var account = await database.AsWorkerAsync(session => AccountStore.FindAsync(session, caller.AccountId), cancellation).ConfigureAwait(false);
        if (!await attempts.LookAsync(counted.Value, () => hasher.VerifyAsync(account?.PasswordHash, password, cancellation)).ConfigureAwait(false))
            return WrongPassword;
        return await database.AsWorkerAsync(async session =>
        {
            await AttemptLimits.ForgiveAsync(session, counted.Value).ConfigureAwait(false);
            return await DoneAsync(session, caller, Password, source.Actor).ConfigureAwait(false);
        }, cancellation).ConfigureAwait(false);
    }

    public Task<Outcome<DateTimeOffset>> ByFactorAsync(Caller caller, string? code, string? recoveryCode, SignInSource source, CancellationToken cancellation) =>
        factors.ShowAsync(caller.AccountId, code, recoveryCode, source.Origin, (session, _, way) => DoneAsync(session, caller, way, source.Actor), cancellation);

    public Task<Outcome<DateTimeOffset>> ByPasskeyAsync(Caller caller, string challenge, JsonElement credential, SignInSource source, HttpContext context) =>
        passkeys.ShowAsync(caller.AccountId, challenge, credential, context, session => DoneAsync(session, caller, "passkey", source.Actor));

    private async Task<Outcome<DateTimeOffset>> DoneAsync(DbSession session, Caller caller, string way, AuditActor actor)
    {
        var now = clock.GetUtcNow();
        await session.ExecuteAsync("UPDATE identity.session SET authenticated_at = @now WHERE id = @SessionId AND ended_at IS NULL", new { now, caller.SessionId }).ConfigureAwait(false);
        if (way != Password)
            await sessions.SecondFactorShownAsync(session, caller.SessionId).ConfigureAwait(false);
        await audit.WriteAsync(session, actor, new AuditChange("session.stepped_up", TypeId.Format("ses", caller.SessionId), After: new { way })).ConfigureAwait(false);
        return now + AccountConditions.StepUpLifetime;
    }
}
