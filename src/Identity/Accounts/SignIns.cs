using Microsoft.AspNetCore.Http;
using Tollgate.Foundation;
using Tollgate.Identity.Access;
using Tollgate.Identity.Attempts;
using Tollgate.Identity.Challenges;
using Tollgate.Identity.SecondFactor;
using Tollgate.Identity.Sessions;
using Tollgate.Identity.Tokens;

namespace Tollgate.Identity.Accounts;

internal sealed record SignedIn(AccountRow Account, Organization Organization, IssuedSession Session);

/// <summary>How a step of a sign-in ended: with a session, or with the question for the second factor.</summary>
internal sealed record SignInStep(SignedIn? SignedIn, IssuedChallenge? SecondFactor);

/// <summary>
/// The end of each way to sign in: password, code, link, passkey, and whatever comes. It asks for the second factor where the account has one and the way was no proof
/// of two, starts the session, and remembers the browser.
/// </summary>
internal sealed class SignIns(SessionStore sessions, ChallengeStore challenges, AccessTokens tokens, IAuditLog audit, TimeProvider clock)
{
    private static readonly TimeSpan SecondFactorTime = TimeSpan.FromMinutes(10);

    /// <summary>After one factor, in the transaction that used it up. Null for an account that was closed meanwhile.</summary>
    public async Task<SignInStep?> GoOnAsync(DbSession session, AccountRow account, string way, SignInSource source)
    {
        if (!await TotpStore.IsOnAsync(session, account.Id).ConfigureAwait(false))
            return await FinishAsync(session, account, way, source).ConfigureAwait(false) is { } signedIn ? new SignInStep(signedIn, null) : null;
        var draft = new ChallengeDraft(ChallengeKind.SecondFactor, SecondFactorTime) { AccountId = account.Id, State = way };
        var asked = await challenges.PrepareAsync(draft, session.Cancellation).ConfigureAwait(false);
        await challenges.AddAsync(session, asked).ConfigureAwait(false);
        return new SignInStep(null, asked);
    }

    /// <summary>After everything that was asked for. Null for an account that was closed meanwhile.</summary>
    /// <param name="session">The transaction that used up what was shown.</param>
    /// <param name="account">Who signs in.</param>
    /// <param name="way">What was shown, for the audit log.</param>
    /// <param name="source">Which device, from where.</param>
    /// <param name="twoFactors">Two factors were shown, and not one alone.</param>
    public async Task<SignedIn?> FinishAsync(DbSession session, AccountRow account, string way, SignInSource source, bool twoFactors = false)
    {
        // Whoever closes the account from here on waits, and finds this session; or was first.
        if (await AccountStore.LockAsync(session, account.Id).ConfigureAwait(false) is not { DisabledAt: null } now)
            return null;
        // Of an address that nobody has proved, whoever registered it may not be the owner of the mailbox.
        if (now.EmailVerifiedAt is not null)
            await MailLimits.ForgetStrangersAsync(session, now.Email).ConfigureAwait(false);
        var issued = await sessions.StartAsync(session, account.Id, source.Device, twoFactors).ConfigureAwait(false);
        if (source.Origin.DeviceDigest is { } digest)
            await session.ExecuteAsync("""
                INSERT INTO identity.known_device (account_id, digest, last_used_at) VALUES (@Id, @digest, @at)
                ON CONFLICT (account_id, digest) DO UPDATE SET last_used_at = excluded.last_used_at
                """, new { account.Id, digest, at = clock.GetUtcNow() }).ConfigureAwait(false);
        await audit.WriteAsync(session, source.Actor.As(account.Id, account.Email) with { Credential = TypeId.Format("ses", issued.SessionId) },
            new AuditChange("session.started", TypeId.Format("ses", issued.SessionId), After: new { way, source.Device.Name })).ConfigureAwait(false);
        return new SignedIn(account, await PersonalAsync(session, account.Id).ConfigureAwait(false), issued);
    }

    public async Task<IResult> AnswerAsync(Outcome<SignInStep> outcome, HttpContext context, SignInSource source)
    {
        if (outcome.Failure is { } failure)
            return Problems.Result(failure);
        if (outcome.Value.SecondFactor is { } asked)
            return Results.Json(new SecondFactorResponse(asked.Secret, (int)SecondFactorTime.TotalSeconds, ["totp", "recovery_code", "passkey"]), statusCode: StatusCodes.Status202Accepted);
        source.Remember(context);
        return await AnswerAsync(outcome.Value.SignedIn!, context, SessionCookies.Wanted(context), StatusCodes.Status200OK).ConfigureAwait(false);
    }

    public async Task<IResult> AnswerAsync(SignedIn signedIn, HttpContext context, bool cookies, int status)
    {
        var (account, organization, session) = signedIn;
        if (cookies)
            await SetCookiesAsync(signedIn, context).ConfigureAwait(false);
        return Results.Json(new SessionResponse(AccountResponse.From(account),
            new OrganizationResponse(TypeId.Format("org", organization.Id), organization.Slug, organization.Name),
            cookies ? null : session.AccessToken, "Bearer", (int)AccessTokens.Lifetime.TotalSeconds, cookies ? null : session.RefreshToken), statusCode: status);
    }

    public async Task SetCookiesAsync(SignedIn signedIn, HttpContext context) =>
        SessionCookies.Set(context, signedIn.Session, await tokens.CsrfTokenAsync(signedIn.Session.SessionId, context.RequestAborted).ConfigureAwait(false));

    public static async Task<Organization> PersonalAsync(DbSession session, Guid accountId)
    {
        const string sql = """
            SELECT o.id, o.slug, o.name, o.time_zone AS timezone FROM identity.organization o JOIN identity.member m ON m.organization_id = o.id
            WHERE m.account_id = @accountId AND o.personal ORDER BY o.created_at LIMIT 1
            """;
        return await session.QuerySingleAsync<Organization>(sql, new { accountId }).ConfigureAwait(false);
    }
}
