using System.Security.Cryptography;
using System.Text;
using Tollgate.Foundation;

namespace Tollgate.Identity.Attempts;

/// <summary>Where an attempt is counted: the browser or network that it comes from, and whether the account has signed in from there.</summary>
internal sealed record AttemptSource(string Name, bool IsKnown)
{
    public const string Strangers = "strangers";
    public const string Known = "known";

    /// <summary>Who is known neither adds to what strangers did nor is held by it.</summary>
    public string Together => IsKnown ? Known : Strangers;
}

internal sealed class AttemptCount
{
    public int Count { get; init; }

    public DateTimeOffset EndsAt { get; init; }
}

/// <summary>Counts in the database, each by its subject, its source and a window that begins with the first. Counting is one statement: many at once are all counted.</summary>
internal sealed class AttemptCounts(TimeProvider clock)
{
    private static readonly TimeSpan KnownFor = TimeSpan.FromDays(90);

    public static byte[] SubjectOf(string purpose, string what) => SHA256.HashData(Encoding.UTF8.GetBytes($"{purpose}\n{what}"));

    /// <summary>The same work without an account.</summary>
    public async Task<AttemptSource> SourceAsync(DbSession session, Guid? account, AttemptOrigin origin)
    {
        const string sql = """
            SELECT EXISTS (SELECT FROM identity.known_device WHERE account_id = @accountId AND digest = @digest) AS device,
                   EXISTS (SELECT FROM identity.session WHERE account_id = @accountId AND client_address <<= @network::inet AND created_at > @since) AS network
            """;
        var known = await session.QuerySingleAsync<KnownRow>(sql,
            new { accountId = account ?? Guid.Empty, digest = origin.DeviceDigest ?? [], network = origin.Network, since = clock.GetUtcNow() - KnownFor }).ConfigureAwait(false);
        if (known.Device)
            return new AttemptSource($"device {Convert.ToHexStringLower(origin.DeviceDigest!)}", true);
        return known.Network ? new AttemptSource($"network {origin.Network}", true) : new AttemptSource($"network {origin.Site}", false);
    }

    public Task<AttemptCount> AddAsync(DbSession session, byte[] subject, string source, TimeSpan window)
    {
        const string sql = """
            INSERT INTO identity.attempt AS a (subject, source, count, ends_at) VALUES (@subject, @source, 1, @ends)
            ON CONFLICT (subject, source) DO UPDATE SET count = CASE WHEN a.ends_at <= @now THEN 1 ELSE a.count + 1 END, ends_at = CASE WHEN a.ends_at <= @now THEN excluded.ends_at ELSE a.ends_at END
            RETURNING count, ends_at
            """;
        var now = clock.GetUtcNow();
        return session.QuerySingleAsync<AttemptCount>(sql, new { subject, source, now, ends = now + window });
    }

    private sealed class KnownRow
    {
        public bool Device { get; init; }

        public bool Network { get; init; }
    }
}
