using System.Text;
using QRCoder;
using Tollgate.Foundation;
using Tollgate.Identity.Access;
using Tollgate.Identity.Accounts;
using Tollgate.Identity.Attempts;
using Tollgate.Identity.Challenges;
using Tollgate.Identity.Sessions;

namespace Tollgate.Identity.SecondFactor;

/// <summary>An authenticator app that waits for its first code.</summary>
internal sealed record TotpOffer(string Secret, string Uri, string QrCode);

/// <summary>The authenticator app and the recovery codes of an account: turned on and off, and asked for at a sign-in.</summary>
internal sealed class SecondFactors(
    IDatabase database, TotpStore totp, RecoveryCodes recovery, ChallengeStore challenges, AttemptLimits attempts, SignIns signIns, SessionStore sessions, LastFactor last,
    SecurityNews news, TimeProvider clock)
{
    private static readonly Failure WrongCode = new(FailureKind.Invalid, "SECOND_FACTOR_INVALID", "This code is wrong, was used before, or is too old.");
    private static readonly Failure Unknown = new(FailureKind.Unauthenticated, "SIGN_IN_EXPIRED", "This sign-in took too long or had too many wrong codes. Begin again.");
    private static readonly Failure NoApp = Failure.NotFound("authenticator app");

    /// <summary>An app that counts once a code of it was shown; until then one that the account has goes on working.</summary>
    public async Task<Outcome<TotpOffer>> OfferAsync(Caller caller, CancellationToken cancellation)
    {
        var begun = await database.AsWorkerAsync<Outcome<byte[]>>(async session =>
        {
            if (!await LivingSession.HoldAsync(session, caller, clock.GetUtcNow()).ConfigureAwait(false))
                return SlowBody.Ended;
            return await totp.OfferAsync(session, caller.AccountId).ConfigureAwait(false);
        }, cancellation).ConfigureAwait(false);
        if (begun.Failure is { } failure)
            return failure;
        var secret = begun.Value;
        var uri = Totp.Uri(secret, caller.Email);
        using var data = QRCodeGenerator.GenerateQrCode(uri, QRCodeGenerator.ECCLevel.M);
        using var svg = new SvgQRCode(data);
        var image = svg.GetGraphic(4, "#000000", "#ffffff", drawQuietZones: true, SvgQRCode.SizingMode.ViewBoxAttribute);
        return new TotpOffer(Totp.Base32(secret), uri, $"data:image/svg+xml;base64,{Convert.ToBase64String(Encoding.UTF8.GetBytes(image))}");
    }

    /// <summary>Turns the app on offer on; answers the recovery codes, once. One that takes the place of another leaves them as they are, and answers none.</summary>
    public async Task<Outcome<IReadOnlyList<string>>> ConfirmAsync(Caller caller, string code, AuditActor actor, CancellationToken cancellation)
    {
        // Before ten hashes are made: a wrong code costs nothing, and who has an app has recovery codes.
        var (right, isOn) = await database.AsWorkerAsync(async session => (await totp.MatchesOfferAsync(session, caller.AccountId, Digits(code)).ConfigureAwait(false),
            await TotpStore.IsOnAsync(session, caller.AccountId).ConfigureAwait(false)), cancellation).ConfigureAwait(false);
        if (!right)
            return WrongCode;
        var made = isOn ? [] : await recovery.MakeAsync(cancellation).ConfigureAwait(false);
        return await database.AsWorkerAsync<Outcome<IReadOnlyList<string>>>(async session =>
        {
            if (!await LivingSession.HoldAsync(session, caller, clock.GetUtcNow()).ConfigureAwait(false))
                return SlowBody.Ended;
            // Else it was turned on or off meanwhile, and the offer with it.
            if (await TotpStore.IsOnAsync(session, caller.AccountId).ConfigureAwait(false) != isOn || !await totp.ConfirmAsync(session, caller.AccountId, Digits(code)).ConfigureAwait(false))
                return WrongCode;
            await sessions.SecondFactorShownAsync(session, caller.SessionId).ConfigureAwait(false);
            if (isOn)
            {
                // As where a factor is removed (LastFactor).
                await SessionStore.ForgetShownFactorAsync(session, caller.AccountId, caller.SessionId).ConfigureAwait(false);
                await challenges.VoidAsync(session, caller.AccountId).ConfigureAwait(false);
                await news.TellAsync(session, caller.AccountId, actor, "account.totp_replaced", "Another authenticator app took the place of the one before, whose codes work no more. The recovery codes are as they were.").ConfigureAwait(false);
                return Array.Empty<string>();
            }
            await recovery.ReplaceAsync(session, caller.AccountId, made.Select(one => one.Hash)).ConfigureAwait(false);
            await news.TellAsync(session, caller.AccountId, actor, "account.totp_added", "An authenticator app was added: signing in with a password or by mail now asks for its code.").ConfigureAwait(false);
            return made.Select(one => InGroups(one.Code)).ToList();
        }, cancellation).ConfigureAwait(false);
    }

    public async Task<Failure?> TurnOffAsync(Caller caller, AuditActor actor, CancellationToken cancellation) => (await database.AsWorkerAsync<Outcome<bool>>(async session =>
    {
        var removed = await last.RemoveAsync(session, caller, () => TotpStore.RemoveAsync(session, caller.AccountId), NoApp).ConfigureAwait(false);
        if (removed.Failure is { } refused)
            return refused;
        await RecoveryCodes.RemoveAsync(session, caller.AccountId).ConfigureAwait(false);
        await news.TellAsync(session, caller.AccountId, actor, "account.totp_removed", "The authenticator app was removed, and the recovery codes with it.").ConfigureAwait(false);
        return true;
    }, cancellation).ConfigureAwait(false)).Failure;

    public async Task<Outcome<IReadOnlyList<string>>> NewRecoveryCodesAsync(Caller caller, AuditActor actor, CancellationToken cancellation)
    {
        if (!await database.AsWorkerAsync(session => TotpStore.IsOnAsync(session, caller.AccountId), cancellation).ConfigureAwait(false))
            return NoApp;
        var made = await recovery.MakeAsync(cancellation).ConfigureAwait(false);
        return await database.AsWorkerAsync<Outcome<IReadOnlyList<string>>>(async session =>
        {
            if (!await LivingSession.HoldAsync(session, caller, clock.GetUtcNow()).ConfigureAwait(false))
                return SlowBody.Ended;
            if (!await TotpStore.IsOnAsync(session, caller.AccountId).ConfigureAwait(false))
                return NoApp;
            await recovery.ReplaceAsync(session, caller.AccountId, made.Select(one => one.Hash)).ConfigureAwait(false);
            await news.TellAsync(session, caller.AccountId, actor, "account.recovery_codes_replaced", "There are new recovery codes; the old ones work no more.").ConfigureAwait(false);
            return made.Select(one => InGroups(one.Code)).ToList();
        }, cancellation).ConfigureAwait(false);
    }

    /// <summary>The second step of a sign-in. Guesses count for the sign-in (five) and for the account, by where they come from.</summary>
    public async Task<Outcome<SignInStep>> AnswerAsync(string challenge, string? code, string? recoveryCode, SignInSource source, CancellationToken cancellation)
    {
        var asked = await database.AsWorkerAsync(session => challenges.GuessAsync(session, ChallengeKind.SecondFactor, challenge), cancellation).ConfigureAwait(false);
        if (asked?.AccountId is not { } accountId)
            return Unknown;
        var shown = await challenges.LookAsync(asked, () => ShowAsync<SignInStep>(accountId, code, recoveryCode, source.Origin, async (session, account, way) =>
            await challenges.UseAsync(session, asked.Id).ConfigureAwait(false)
                && await signIns.FinishAsync(session, account, $"{asked.State}_and_{way}", source, twoFactors: true).ConfigureAwait(false) is { } signedIn
                ? new SignInStep(signedIn, null)
                : Unknown, cancellation)).ConfigureAwait(false);
        // Too many for the account: this one was not looked at.
        if (shown.Failure?.Kind == FailureKind.LimitReached)
            await challenges.GiveBackAsync(asked).ConfigureAwait(false);
        return shown;
    }

    /// <summary>Uses up a code of the app, or a recovery code. Wrong ones are counted.</summary>
    /// <param name="accountId">Whose it is.</param>
    /// <param name="code">Of the app.</param>
    /// <param name="recoveryCode">Looked at first.</param>
    /// <param name="origin">Where guesses are counted.</param>
    /// <param name="then">What it is shown for, with the account and what was shown: in the transaction that uses the code up, so that whoever replaces or removes the factor comes before both or after both.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task<Outcome<T>> ShowAsync<T>(
        Guid accountId, string? code, string? recoveryCode, AttemptOrigin origin, Func<DbSession, AccountRow, string, Task<Outcome<T>>> then, CancellationToken cancellation)
    {
        var counted = await attempts.CountAsync(AttemptLimits.SecondFactorOf(accountId), accountId, origin, cancellation).ConfigureAwait(false);
        if (counted.Failure is { } tooMany)
            return tooMany;
        var spare = recoveryCode is null ? null : await attempts.LookAsync(counted.Value, () => recovery.FindAsync(accountId, recoveryCode, cancellation)).ConfigureAwait(false);
        return await database.AsWorkerAsync<Outcome<T>>(async session =>
        {
            if (await AccountStore.LockAsync(session, accountId).ConfigureAwait(false) is not { } account)
                return WrongCode;
            var right = spare is { } id ? await recovery.UseAsync(session, id).ConfigureAwait(false) : code is not null && await totp.TakeAsync(session, accountId, Digits(code)).ConfigureAwait(false);
            if (!right)
                return WrongCode;
            await AttemptLimits.ForgiveAsync(session, counted.Value).ConfigureAwait(false);
            return await then(session, account, spare is null ? "totp" : "recovery_code").ConfigureAwait(false);
        }, cancellation).ConfigureAwait(false);
    }

    private static string Digits(string code) => new([.. code.Where(char.IsAsciiDigit)]);

    private static string InGroups(string code) => $"{code[..5]}-{code[5..]}";
}
