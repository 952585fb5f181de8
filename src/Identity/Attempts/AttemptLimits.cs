using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Tollgate.Foundation;

namespace Tollgate.Identity.Attempts;

/// <summary>From where somebody tries: the browser's own secret, if it sent one, and its network.</summary>
internal sealed record AttemptOrigin(byte[]? DeviceDigest, IPAddress? Address)
{
    /// <summary>One address of IPv4, a /64 of IPv6.</summary>
    public string Network
    {
        get
        {
            if (Address is null)
                return "0.0.0.0/32";
            if (Address.AddressFamily == AddressFamily.InterNetwork)
                return $"{Address}/32";
            var bytes = Address.GetAddressBytes();
            bytes.AsSpan(8).Clear();
            return $"{new IPAddress(bytes)}/64";
        }
    }
}

/// <summary>A guess that was counted; it is taken back when it was right.</summary>
internal sealed record CountedAttempt(byte[] Subject, string Source, bool IsKnown);

/// <summary>
/// How often somebody may guess. Guesses are counted by what is guessed at and by where they come from: ten in a quarter of an hour from one browser or network, and
/// a hundred an hour from all that the account has never signed in from. A browser or network that it has signed in from is counted by itself, so strangers lock
/// nobody out. For an address without an account the same is counted with the same work.
/// </summary>
internal sealed class AttemptLimits(IDatabase database, TimeProvider clock)
{
    private const int FromOneSource = 10;
    private const int FromStrangers = 100;
    private const string Strangers = "strangers";
    private const string Known = "known";

    private static readonly TimeSpan SourceWindow = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan StrangersWindow = TimeSpan.FromHours(1);
    private static readonly TimeSpan KnownFor = TimeSpan.FromDays(90);

    public static byte[] SubjectOf(string purpose, string what) => SHA256.HashData(Encoding.UTF8.GetBytes($"{purpose}\n{what}"));

    /// <summary>Counts a guess before it is looked at, so that many at once are not more than the limit.</summary>
    public async Task<Outcome<CountedAttempt>> CountAsync(byte[] subject, Guid? accountId, AttemptOrigin origin, CancellationToken cancellation)
    {
        var (counted, until) = await database.AsWorkerAsync(session => AddAsync(session, subject, accountId ?? Guid.Empty, origin), cancellation).ConfigureAwait(false);
        if (until is null)
            return counted;
        var seconds = Math.Max(1, (int)Math.Ceiling((until.Value - clock.GetUtcNow()).TotalSeconds));
        return new Failure(FailureKind.LimitReached, "TOO_MANY_ATTEMPTS",
            $"Too many attempts from here. Try again in {seconds.ToString(CultureInfo.InvariantCulture)} s, or have a code sent to you.")
        { RetryAfterSeconds = seconds };
    }

    /// <summary>It was right: this source begins anew, and strangers have guessed once less.</summary>
    public static async Task ForgiveAsync(DbSession session, CountedAttempt attempt)
    {
        await session.ExecuteAsync("DELETE FROM identity.attempt WHERE subject = @Subject AND source = @Source", new { attempt.Subject, attempt.Source }).ConfigureAwait(false);
        if (!attempt.IsKnown)
            await session.ExecuteAsync("UPDATE identity.attempt SET count = count - 1 WHERE subject = @Subject AND source = @Strangers AND count > 0", new { attempt.Subject, Strangers }).ConfigureAwait(false);
    }

    // A refusal is no outcome of the transaction: what is refused was counted all the same.
    private async Task<(CountedAttempt Counted, DateTimeOffset? Until)> AddAsync(DbSession session, byte[] subject, Guid accountId, AttemptOrigin origin)
    {
        var source = await SourceAsync(session, accountId, origin).ConfigureAwait(false);
        var counted = new CountedAttempt(subject, source.Name, source.IsKnown);
        var own = await AddAsync(session, subject, source.Name, SourceWindow).ConfigureAwait(false);
        if (own.Count > FromOneSource)
            return (counted, own.EndsAt);
        // Whoever is known neither adds to what strangers did nor is held by it; they are counted all the same, so that the time does not tell who is known.
        var all = await AddAsync(session, subject, source.IsKnown ? Known : Strangers, StrangersWindow).ConfigureAwait(false);
        return (counted, !source.IsKnown && all.Count > FromStrangers ? all.EndsAt : null);
    }

    private async Task<(string Name, bool IsKnown)> SourceAsync(DbSession session, Guid accountId, AttemptOrigin origin)
    {
        const string sql = """
            SELECT EXISTS (SELECT FROM identity.known_device WHERE account_id = @accountId AND digest = @digest) AS device,
                   EXISTS (SELECT FROM identity.session WHERE account_id = @accountId AND client_address <<= @network::inet AND created_at > @since) AS network
            """;
        var known = await session.QuerySingleAsync<KnownRow>(sql,
            new { accountId, digest = origin.DeviceDigest ?? [], network = origin.Network, since = clock.GetUtcNow() - KnownFor }).ConfigureAwait(false);
        return known.Device ? ($"device {Convert.ToHexStringLower(origin.DeviceDigest!)}", true) : ($"network {origin.Network}", known.Network);
    }

    private Task<CountRow> AddAsync(DbSession session, byte[] subject, string source, TimeSpan window)
    {
        const string sql = """
            INSERT INTO identity.attempt AS a (subject, source, count, ends_at) VALUES (@subject, @source, 1, @ends)
            ON CONFLICT (subject, source) DO UPDATE SET count = CASE WHEN a.ends_at <= @now THEN 1 ELSE a.count + 1 END, ends_at = CASE WHEN a.ends_at <= @now THEN excluded.ends_at ELSE a.ends_at END
            RETURNING count, ends_at
            """;
        var now = clock.GetUtcNow();
        return session.QuerySingleAsync<CountRow>(sql, new { subject, source, now, ends = now + window });
    }

    private sealed class KnownRow
    {
        public bool Device { get; init; }

        public bool Network { get; init; }
    }

    private sealed class CountRow
    {
        public int Count { get; init; }

        public DateTimeOffset EndsAt { get; init; }
    }
}
