using System.Globalization;
using Tollgate.Foundation;

namespace Tollgate.Identity.Attempts;

/// <summary>A guess that was counted; it is taken back when it was right.</summary>
internal sealed record CountedAttempt(byte[] Subject, AttemptSource Source);

/// <summary>
/// How often somebody may guess. Guesses are counted by what is guessed at and by where they come from: ten in a quarter of an hour from one browser or network, and
/// a hundred an hour from all that the account has never signed in from. A browser or network that it has signed in from is counted by itself, so strangers lock
/// nobody out. For an address without an account the same is counted with the same work.
/// </summary>
internal sealed class AttemptLimits(IDatabase database, AttemptCounts counts, TimeProvider clock)
{
    private const int FromOneSource = 10;
    private const int FromStrangers = 100;

    private static readonly TimeSpan SourceWindow = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan StrangersWindow = TimeSpan.FromHours(1);

    public static byte[] PasswordOf(string email) => AttemptCounts.SubjectOf("password", email);

    public static byte[] SecondFactorOf(Guid account) => AttemptCounts.SubjectOf("second_factor", account.ToString());

    /// <summary>Counts a guess before it is looked at, so that many at once are not more than the limit.</summary>
    public async Task<Outcome<CountedAttempt>> CountAsync(byte[] subject, Guid? accountId, AttemptOrigin origin, CancellationToken cancellation)
    {
        var (counted, until) = await database.AsWorkerAsync(session => AddAsync(session, subject, accountId, origin), cancellation).ConfigureAwait(false);
        if (until is null)
            return counted;
        var seconds = Math.Max(1, (int)Math.Ceiling((until.Value - clock.GetUtcNow()).TotalSeconds));
        return new Failure(FailureKind.LimitReached, "TOO_MANY_ATTEMPTS",
            $"Too many attempts from here. Try again in {seconds.ToString(CultureInfo.InvariantCulture)} s, or have a code sent to you.")
        { RetryAfterSeconds = seconds };
    }

    /// <summary>Looks at a guess, or goes on with a right one. Where there is no turn for a hash nothing came of it, and it is counted no more.</summary>
    public async Task<T> LookAsync<T>(CountedAttempt attempt, Func<Task<T>> look)
    {
        try
        {
            return await look().ConfigureAwait(false);
        }
        catch (FailureException)
        {
            await database.AsWorkerAsync(session => TakeBackAsync(session, attempt.Subject, [attempt.Source.Name, attempt.Source.Together]), CancellationToken.None).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>It was right: this source begins anew, and strangers have guessed once less.</summary>
    public static async Task ForgiveAsync(DbSession session, CountedAttempt attempt)
    {
        await session.ExecuteAsync("DELETE FROM identity.attempt WHERE subject = @Subject AND source = @Name", new { attempt.Subject, attempt.Source.Name }).ConfigureAwait(false);
        if (!attempt.Source.IsKnown)
            await TakeBackAsync(session, attempt.Subject, [AttemptSource.Strangers]).ConfigureAwait(false);
    }

    /// <summary>The password is another one: whatever strangers guessed at is gone.</summary>
    public static Task<int> ForgetStrangersAsync(DbSession session, string email) => session.ExecuteAsync(
        "DELETE FROM identity.attempt WHERE subject = @subject AND source = @Strangers", new { subject = PasswordOf(email), AttemptSource.Strangers });

    // A refusal is no outcome of the transaction: what is refused was counted all the same.
    private async Task<(CountedAttempt Counted, DateTimeOffset? Until)> AddAsync(DbSession session, byte[] subject, Guid? accountId, AttemptOrigin origin)
    {
        var source = await counts.SourceAsync(session, accountId, origin).ConfigureAwait(false);
        var counted = new CountedAttempt(subject, source);
        var own = await counts.AddAsync(session, subject, source.Name, SourceWindow).ConfigureAwait(false);
        if (own.Count > FromOneSource)
            return (counted, own.EndsAt);
        // Who is known is not held by the sum, and is counted all the same, so that the time does not tell who is known.
        var all = await counts.AddAsync(session, subject, source.Together, StrangersWindow).ConfigureAwait(false);
        return (counted, !source.IsKnown && all.Count > FromStrangers ? all.EndsAt : null);
    }

    private static Task<int> TakeBackAsync(DbSession session, byte[] subject, string[] sources) => session.ExecuteAsync(
        "UPDATE identity.attempt SET count = count - 1 WHERE subject = @subject AND source = ANY (@sources) AND count > 0", new { subject, sources });
}
